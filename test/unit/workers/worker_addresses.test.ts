import { expect } from 'chai'
import { addressesOfWorker, workerIn } from '../../../src/workers/worker_addresses.ts'

describe('the addresses of a worker', () => {
  it('are sockets of its own beside the configured ones', () => {
    const configured = {
      listen: 'unix:/run/devapp-authz/authz.sock',
      adminAddress: 'unix:/run/devapp.d/admin',
      metricsAddress: undefined,
    }
    expect(addressesOfWorker(configured, 3)).to.deep.equal({
      listen: 'unix:/run/devapp-authz/authz-3.sock',
      adminAddress: 'unix:/run/devapp.d/admin-3',
      metricsAddress: undefined,
    })
  })

  it('are the next ports, the administration port itself being left to the supervisor', () => {
    const configured = {
      listen: '127.0.0.1:9191',
      adminAddress: '[::1]:9300',
      metricsAddress: { kind: 'tcp', host: '0.0.0.0', port: 9464 } as const,
    }
    expect(addressesOfWorker(configured, 0)).to.deep.equal({
      listen: '127.0.0.1:9191',
      adminAddress: '[::1]:9301',
      metricsAddress: { kind: 'tcp', host: '0.0.0.0', port: 9464 },
    })
    expect(addressesOfWorker(configured, 2)).to.deep.include({ listen: '127.0.0.1:9193', adminAddress: '[::1]:9303' })
    expect(addressesOfWorker({ ...configured, adminAddress: '127.0.0.1:0' }, 2).adminAddress).to.equal('127.0.0.1:0')
  })

  it('are those of the number that the supervisor gave, and of no other text', () => {
    expect(workerIn({ DEVAPP_AUTHZ_WORKER: '12' })).to.equal(12)
    for (const text of [undefined, '', '-1', '1e3', 'one'])
      expect(workerIn({ DEVAPP_AUTHZ_WORKER: text })).to.equal(undefined)
  })
})
