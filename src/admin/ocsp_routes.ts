import { json, problem, type Route } from '../http/route.ts'
import type { Clock } from '../ports.ts'
import type { RevocationControl } from '../revocation/control.ts'
import { documentOfAnswer, documentOfStatus, outcomeLine, progressLine, purgeRequest } from './ocsp_documents.ts'

/** What operators see of the remembered answers, and do with them. */
export function ocspRoutes(control: () => RevocationControl, clock: Clock): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/ocsp',
      answer: () => {
        const at = clock()
        return json(documentOfStatus(control().entries(at), control().statistics, at))
      },
    },
    {
      method: 'GET',
      path: '/api/v1/ocsp/{sha256}',
      answer: ({ parameters }) => {
        const at = clock()
        const found = control().get((parameters['sha256'] ?? '').toLowerCase(), at)
        if (found === undefined) return problem(404, 'No such certificate is registered.')
        return json(documentOfAnswer(found.entry, found.der, at))
      },
    },
    {
      method: 'POST',
      path: '/api/v1/ocsp/purge',
      answer: async ({ body }) => {
        const selection = purgeRequest.safeParse(body)
        if (!selection.success) return problem(400, selection.error.issues.map(({ message }) => message).join('; '))
        return json(await control().purge(selection.data))
      },
    },
    {
      method: 'POST',
      path: '/api/v1/ocsp/warm',
      answer: () => ({
        status: 200,
        contentType: 'application/x-ndjson',
        body: async (tell) => outcomeLine(await control().warm((progress) => tell(progressLine(progress)))),
      }),
    },
  ]
}
