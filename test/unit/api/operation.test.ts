import { expect } from 'chai'
import { z } from 'zod'
import { apiOf, openApiPath, readOnly } from '../../../src/api/api.ts'
import { openApi } from '../../../src/api/open_api.ts'
import { operation, Refusal } from '../../../src/api/operation.ts'
import type { AdminRequest } from '../../../src/http/route.ts'

const asked = (query: string, body?: unknown): AdminRequest => ({
  ...{ parameters: {}, query: new URLSearchParams(query), headers: {}, source: '127.0.0.1', body },
})

const listed = operation({
  ...{ method: 'GET', path: '/api/v1/things', id: 'listThings', tag: 'Things', summary: 'Things.' },
  query: z.strictObject({ limit: z.int().min(1).max(10).default(5), all: z.boolean().optional() }),
  document: z.object({ limit: z.int(), all: z.boolean().nullable() }).meta({ title: 'Things' }),
  answer: ({ query }) => ({ limit: query.limit, all: query.all ?? null }),
})
const changed = operation({
  ...{ method: 'POST', path: '/api/v1/things', id: 'changeThing', tag: 'Things', summary: 'A thing.', writes: true },
  body: z.strictObject({ name: z.string().max(5) }),
  problems: [404],
  document: z.object({ name: z.string() }),
  answer: ({ body }) => (body.name === 'none' ? new Refusal(404, 'There is none.') : { name: body.name }),
})

const answerOf = async (operation: typeof listed, request: AdminRequest) => {
  const { status, contentType, body } = await operation.answer(request)
  return { status, contentType, document: JSON.parse(String(body)) as Record<string, unknown> }
}

describe('an operation of the API', () => {
  it('takes a query by its schema, with numbers and yes or no as such', async () => {
    expect((await answerOf(listed, asked('limit=7&all=true'))).document).to.deep.equal({ limit: 7, all: true })
    expect((await answerOf(listed, asked(''))).document).to.deep.equal({ limit: 5, all: null })
  })

  for (const query of ['limit=0', 'limit=07', 'limit=1e1', 'limit=', 'limit=3&limit=4', 'all=1', 'nonesuch=1']) {
    it(`says what is wrong with the query ${query}`, async () => {
      const { status, contentType, document } = await answerOf(listed, asked(query))
      expect([status, contentType]).to.deep.equal([400, 'application/problem+json'])
      expect(document['detail'])
        .to.be.a('string')
        .that.matches(/limit|all|nonesuch/)
    })
  }

  it('says what is wrong with a body, and passes on why there is nothing to give', async () => {
    expect((await answerOf(changed, asked('', { name: 'acme' }))).status).to.equal(200)
    expect((await answerOf(changed, asked('', { name: 'longer' }))).document['detail']).to.match(/^name: /)
    expect((await answerOf(changed, asked('', undefined))).status).to.equal(400)
    expect((await answerOf(changed, asked('', { name: 'none' }))).status).to.equal(404)
  })
})

describe('the OpenAPI document', () => {
  it('is 3.1, made of the schemas, with every status that an operation answers', () => {
    const document = openApi([listed, changed], { version: '1.2.3', secured: true }) as {
      openapi: string
      paths: Record<string, Record<string, { responses: object; parameters: { name: string; schema: object }[] }>>
      components: { schemas: object; securitySchemes: object }
    }
    expect(document.openapi).to.equal('3.1.0')
    const { get, post } = document.paths['/api/v1/things'] ?? {}
    expect(Object.keys(get?.responses ?? {})).to.have.members(['200', '400', '401', '421'])
    expect(Object.keys(post?.responses ?? {})).to.have.members(['200', '400', '401', '404', '413', '415', '421'])
    expect(get?.parameters.find(({ name }) => name === 'limit')?.schema).to.deep.include({ maximum: 10, default: 5 })
    expect(document.components.schemas).to.have.keys('Things', 'Problem')
    expect(document.components.securitySchemes).to.have.keys('token')
  })

  it('is served beside the operations, and describes itself', async () => {
    const all = apiOf([listed, changed], { version: '1.2.3', access: undefined })
    const own = all.find(({ path }) => path === openApiPath)
    const { document } = await answerOf(own ?? listed, asked(''))
    expect(document['paths']).to.have.keys('/api/v1/things', '/api/v1/session', openApiPath)
  })

  it('leaves out what changes something, where nothing may be changed', () => {
    expect(readOnly([listed, changed])).to.deep.equal([listed])
  })
})
