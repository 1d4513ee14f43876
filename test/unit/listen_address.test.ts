import { expect } from 'chai'
import { addressText, parseListenAddress, parseLocalAddress } from '../../src/listen_address.ts'

describe('a local address', () => {
  it('is a Unix socket or a loopback port', () => {
    expect(parseLocalAddress('unix:/run/a.sock')).to.deep.equal({ kind: 'unix', path: '/run/a.sock' })
    expect(parseLocalAddress('127.0.0.1:9192')).to.deep.equal({ kind: 'tcp', host: '127.0.0.1', port: 9192 })
    expect(parseLocalAddress('127.255.0.9:0')).to.deep.equal({ kind: 'tcp', host: '127.255.0.9', port: 0 })
    expect(parseLocalAddress('[::1]:65535')).to.deep.equal({ kind: 'tcp', host: '::1', port: 65_535 })
  })

  it('asks no resolver what localhost is', () => {
    expect(parseLocalAddress('localhost:9192')).to.deep.equal({ kind: 'tcp', host: '127.0.0.1', port: 9192 })
  })

  it('is nothing else', () => {
    const others = [
      ...[
        '',
        'unix:',
        'unix:a.sock',
        'unix:/a\nb',
        `unix:/${'a'.repeat(107)}`,
        ':9192',
        '9192',
        '127.0.0.1',
        '::1:9192',
      ],
      ...[
        '0.0.0.0:1',
        '[::]:1',
        '10.0.0.1:1',
        '127.0.0.256:1',
        '127.1:1',
        '127.0.0.1:65536',
        '127.0.0.1:',
        'http://127.0.0.1:1',
      ],
      ...['localhost.example:1', 'LOCALHOST:1 ', '[::ffff:127.0.0.1]:1', '127.0.0.1:1\n'],
    ]
    for (const text of others) expect([text, parseLocalAddress(text)]).to.deep.equal([text, undefined])
  })

  it('of any interface is one to listen on, and is written as it is read', () => {
    for (const text of ['0.0.0.0:9464', '[::]:9464', '192.0.2.1:1', 'unix:/run/a.sock', '[::1]:0']) {
      const address = parseListenAddress(text)
      expect(address && addressText(address)).to.equal(text)
    }
    for (const text of ['example.com:1', '[192.0.2.1]:1', '::1', '300.0.0.1:1'])
      expect(parseListenAddress(text)).to.equal(undefined)
  })

  it('is no path that a socket cannot have', () => {
    expect(parseLocalAddress(`unix:/${'a'.repeat(106)}`)).to.have.property('kind', 'unix')
    expect(parseLocalAddress(`unix:/${'ä'.repeat(54)}`)).to.equal(undefined)
  })
})
