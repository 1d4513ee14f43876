import { useEffect, useState } from 'preact/hooks'
import type { ExplanationDocument } from '../../api/explain_operations.ts'
import type { DenialsDocument, PoliciesDocument } from '../../api/overview_documents.ts'
import { ApiError, ask, useAsked } from '../api.ts'
import { clock } from '../format.ts'
import { Failure, Field, Loading, Notice, typed } from '../parts.tsx'
import { usePlace } from '../route.tsx'

type Step = ExplanationDocument['steps'][number]

/** Why a certificate is allowed or refused: pasted, or of a refusal of the list. */
export function ExplainPage() {
  const { query } = usePlace()
  const policies = useAsked<PoliciesDocument>('/api/v1/policies')
  const denials = useAsked<DenialsDocument>('/api/v1/denials')
  const [denial, setDenial] = useState(query.get('denial') ?? '')
  const [policy, setPolicy] = useState(query.get('policy') ?? '')
  const [certificate, setCertificate] = useState('')
  const [host, setHost] = useState('')
  const [basic, setBasic] = useState('')
  const [clientKey, setClientKey] = useState('')
  const [isAsking, setIsAsking] = useState(false)
  const [explanation, setExplanation] = useState<ExplanationDocument>()
  const [error, setError] = useState<ApiError>()
  const ofApis = policies.document?.policies.filter(({ channel }) => channel !== 'try') ?? []
  const chosen = ofApis.find(({ name }) => name === policy) ?? ofApis[0]

  const explain = async (asked: { readonly denial: string; readonly policy: string }): Promise<void> => {
    setIsAsking(true)
    setError(undefined)
    setExplanation(undefined)
    const given = { certificate, host, basic, clientKey }
    try {
      setExplanation(
        await ask('/api/v1/explain', {
          policy: asked.policy,
          ...(asked.denial !== '' && { denial: Number(asked.denial) }),
          ...Object.fromEntries(Object.entries(given).filter(([, value]) => value.trim() !== '')),
        }),
      )
    } catch (cause) {
      setError(cause instanceof ApiError ? cause : new ApiError(0, String(cause)))
    }
    setIsAsking(false)
  }
  useEffect(() => {
    // Who comes from a refusal wants its explanation.
    const from = { denial: query.get('denial') ?? '', policy: query.get('policy') ?? '' }
    if (from.denial !== '' && from.policy !== '') void explain(from)
  }, [])
  return (
    <>
      <div class="head">
        <h1 tabIndex={-1}>Explain</h1>
        <p>Decides as the service would, and shows what each step finds. Nothing is changed, and no request is made.</p>
      </div>
      <Failure error={policies.error} askAgain={policies.askAgain} />
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault()
          if (chosen !== undefined) void explain({ denial, policy: chosen.name })
        }}
      >
        <div class="columns">
          <Field label="The client certificate, in PEM" hint="Without one, that of the refusal counts, or none.">
            <textarea
              spellcheck={false}
              value={certificate}
              placeholder="-----BEGIN CERTIFICATE-----"
              onInput={(event) => setCertificate(typed(event))}
            />
          </Field>
          <div class="filters">
            <Field label="Or a recent refusal">
              <select
                value={denial}
                onChange={(event) => {
                  const number = typed(event)
                  setDenial(number)
                  const picked = denials.document?.denials.find((each) => String(each.number) === number)
                  if (picked?.policy) setPolicy(picked.policy)
                }}
              >
                <option value="">None</option>
                {denials.document?.denials
                  .filter(({ explainable }) => explainable)
                  .slice(0, 200)
                  .map(({ number, at, code, devApp, commonName }) => (
                    <option key={number} value={String(number)}>
                      {clock(at)} {code}, {devApp ?? commonName ?? 'no certificate'}
                    </option>
                  ))}
              </select>
            </Field>
            <Field label="Policy">
              <select value={chosen?.name ?? ''} onChange={(event) => setPolicy(typed(event))}>
                {ofApis.map(({ name, require }) => (
                  <option key={name} value={name}>
                    {name}: {require.join(' and ') || 'nothing'}
                  </option>
                ))}
              </select>
            </Field>
            <Field label="Host">
              <input value={host} placeholder={chosen?.hostname ?? ''} onInput={(event) => setHost(typed(event))} />
            </Field>
            <Field label="ClientKey of HTTP Basic">
              <input value={basic} onInput={(event) => setBasic(typed(event))} />
            </Field>
            <Field label="Header x-client-key">
              <input value={clientKey} onInput={(event) => setClientKey(typed(event))} />
            </Field>
          </div>
        </div>
        <div class="row">
          <button type="submit" class="primary" disabled={isAsking || chosen === undefined}>
            Explain
          </button>
        </div>
      </form>
      {isAsking && <Loading what="an explanation" />}
      <Failure error={error} />
      {explanation !== undefined && <Explanation explanation={explanation} />}
    </>
  )
}

function Explanation({ explanation }: { readonly explanation: ExplanationDocument }) {
  const { decision, steps, nearMisses, handshake, answer, policy } = explanation
  const { kind, code, status } = decision
  return (
    <>
      <Notice
        tone={kind === 'allow' ? 'good' : kind === 'shadowed' ? 'shadow' : 'bad'}
        title={
          kind === 'allow'
            ? `Allowed under ${policy}`
            : kind === 'shadowed'
              ? `Let pass by shadow mode: ${code}`
              : `Refused: ${code}, HTTP ${status}`
        }
      >
        {handshake !== null && <p>{handshake}</p>}
      </Notice>
      {nearMisses.map(({ kind, message, cure }) => (
        <Notice key={kind + message} tone="warn" title={message}>
          <p>{cure}</p>
        </Notice>
      ))}
      <section class="panel" aria-labelledby="steps">
        <h2 id="steps">Step by step</h2>
        <ol class="steps">
          {steps.map((step) => (
            <StepRow key={step.name} step={step} />
          ))}
        </ol>
      </section>
      <section class="panel" aria-labelledby="answer">
        <h2 id="answer">{kind === 'allow' ? 'What the API gets' : 'What the caller gets'}</h2>
        <pre>
          {[
            ...(answer.status === null ? [] : [`HTTP ${answer.status}`]),
            ...Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`),
            ...(answer.body === null ? [] : ['', answer.body]),
          ].join('\n') || 'nothing of the service'}
        </pre>
      </section>
    </>
  )
}

const outcomes: Readonly<
  Record<Step['outcome'], { readonly tone: string; readonly sign: string; readonly words: string }>
> = {
  pass: { tone: 'good', sign: '✓', words: 'passes' },
  deny: { tone: 'bad', sign: '✕', words: 'refuses: this is the decision' },
  would_deny: { tone: 'warn', sign: '!', words: 'would refuse as well' },
  not_asked: { tone: 'quiet', sign: '–', words: 'not asked for by the policy' },
  not_reached: { tone: 'quiet', sign: '·', words: 'not reached: an earlier step left nothing to look at' },
}

function StepRow({ step }: { readonly step: Step }) {
  const { name, outcome, found, code, told, detail } = step
  const { tone, sign, words } = outcomes[outcome]
  const quiet = outcome === 'not_asked' || outcome === 'not_reached'
  return (
    <li class={`${tone} ${quiet ? 'unreached' : ''} ${outcome === 'deny' ? 'decisive' : ''}`}>
      <span class="sign" aria-hidden="true">
        {sign}
      </span>
      <strong>{name.replaceAll('_', ' ')}</strong>
      <div>
        <p>
          {quiet ? words : found}
          {!quiet && <span class="unseen"> ({words})</span>}
        </p>
        {code !== null && (
          <p>
            <code>{code}</code> {words}. The caller reads: “{told}”
          </p>
        )}
        {detail !== null && <p class="hint">{detail}</p>}
      </div>
    </li>
  )
}
