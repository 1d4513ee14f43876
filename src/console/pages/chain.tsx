import { useState } from 'preact/hooks'
import type { ChainReportDocument } from '../../api/chain_documents.ts'
import { ApiError, ask } from '../api.ts'
import { ChainDrawing } from '../drawings/chain_drawing.tsx'
import { CopyButton, Failure, Field, Loading, Notice, typed } from '../parts.tsx'

/** One octet more than is accepted tells that a file is too large, so that the rest of it need not be sent. */
const enoughBytes = 65_537

interface Given {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Judges the chain of a third party, drawn as it was given beside its right order. Nothing of it is kept. */
export function ChainPage({ isPublic }: { readonly isPublic: boolean }) {
  const [text, setText] = useState('')
  const [isOver, setIsOver] = useState(false)
  const [asksIssuer, setAsksIssuer] = useState(!isPublic)
  const [isAsking, setIsAsking] = useState(false)
  const [given, setGiven] = useState('')
  const [report, setReport] = useState<ChainReportDocument>()
  const [error, setError] = useState<ApiError>()

  const check = async ({ name, bytes }: Given): Promise<void> => {
    setIsAsking(true)
    setError(undefined)
    setReport(undefined)
    setGiven(name)
    try {
      const file = base64Of(bytes)
      const path = isPublic ? 'api/v1/chain/check' : '/api/v1/chain/check'
      setReport(await ask(path, isPublic ? { file } : { file, askIssuer: asksIssuer }))
    } catch (cause) {
      setError(cause instanceof ApiError ? cause : new ApiError(0, String(cause)))
    }
    setIsAsking(false)
  }
  const take = async (files: FileList | null | undefined): Promise<void> => {
    const [file, ...others] = files ?? []
    if (file === undefined) return
    if (others.length > 0) {
      setReport(undefined)
      setError(
        new ApiError(1, `One file at a time: put the ${others.length + 1} certificates into one, the leaf first.`),
      )
      return
    }
    try {
      await check({ name: file.name, bytes: new Uint8Array(await file.slice(0, enoughBytes).arrayBuffer()) })
    } catch {
      setError(new ApiError(1, `${file.name} cannot be read: is it a folder?`))
    }
  }
  return (
    <>
      <div class="head">
        <h1 tabIndex={-1}>{isPublic ? 'Check a certificate chain' : 'Chain check'}</h1>
        <p>
          {isPublic
            ? 'See before you submit it whether your certificate chain would be accepted, and what to mend. Nothing that you check here is kept. Never hand in a private key.'
            : 'The chain of a third party, drawn as it was handed in beside its right order. Nothing of it is kept.'}
        </p>
      </div>
      <form
        class={`drop ${isOver ? 'over' : ''}`}
        onDragOver={(event) => {
          event.preventDefault()
          setIsOver(true)
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setIsOver(false)
          void take(event.dataTransfer?.files)
        }}
        onSubmit={(event) => {
          event.preventDefault()
          void check({ name: 'The chain', bytes: new TextEncoder().encode(text).slice(0, enoughBytes) })
        }}
      >
        <Field label="Drop a PEM file here, or choose one">
          <input
            type="file"
            onChange={(event) => {
              const input = event.currentTarget
              void take(input.files).then(() => {
                // The same one may be chosen again, once it was mended.
                input.value = ''
              })
            }}
          />
        </Field>
        <Field label="Or paste it: the leaf first, the root last">
          <textarea
            spellcheck={false}
            value={text}
            placeholder="-----BEGIN CERTIFICATE-----"
            onInput={(event) => setText(typed(event))}
          />
        </Field>
        <div class="row">
          <button type="submit" class="primary" disabled={isAsking || text.trim() === ''}>
            Check the chain
          </button>
          {!isPublic && (
            <label class="check">
              <input
                type="checkbox"
                checked={asksIssuer}
                onChange={(event) => setAsksIssuer(event.currentTarget.checked)}
              />
              Ask the issuer whether it is revoked, where nothing else is wrong
            </label>
          )}
        </div>
      </form>
      {isAsking && <Loading what="a verdict" />}
      <Failure error={error} />
      {report !== undefined && <Report report={report} name={given} />}
    </>
  )
}

function Report({ report, name }: { readonly report: ChainReportDocument; readonly name: string }) {
  const { accepted, problems, warnings, given, rightOrder, letter } = report
  const ofFile = problems.filter(({ position }) => position === null)
  const isAsGiven = given.every(({ role }) => role !== 'extra' && role !== 'repeated') && !problems.some(isOfOrder)
  return (
    <>
      <Notice
        tone={accepted ? 'good' : 'bad'}
        title={
          accepted
            ? `${name} is accepted`
            : `${name} is refused: ${problems.length === 1 ? '1 problem' : `${problems.length} problems`}`
        }
      >
        <p>
          {accepted
            ? warnings.length === 0
              ? 'Nothing is wrong with it.'
              : 'Nothing is wrong with it; some things are worth knowing.'
            : 'Each is named below, with what to do about it.'}
          {accepted && !report.issuerAsked && ' Nobody was asked whether it is revoked.'}
        </p>
      </Notice>
      {ofFile.length > 0 && (
        <section class="panel" aria-labelledby="of-file">
          <h2 id="of-file">About the file as a whole</h2>
          <ul>
            {ofFile.map(({ code, message, cure }) => (
              <li key={code + message} class="card bad">
                <p>
                  <strong>{message}</strong> <code>{code}</code>
                </p>
                <p>{cure}</p>
              </li>
            ))}
          </ul>
        </section>
      )}
      {given.length > 0 && (
        <section class="panel" aria-labelledby="drawn">
          <h2 id="drawn">The chain</h2>
          <ChainDrawing report={report} />
        </section>
      )}
      <section class="panel" aria-labelledby="letter">
        <div class="panel-head">
          <h2 id="letter">For the third party</h2>
          <div class="row">
            {rightOrder !== null && !isAsGiven && (
              <button type="button" class="primary" onClick={() => download(rightOrder)}>
                Download the corrected file
              </button>
            )}
            <CopyButton text={letter} label="Copy the text" />
          </div>
        </div>
        <pre>{letter}</pre>
      </section>
    </>
  )
}

const isOfOrder = ({ code }: { readonly code: string }): boolean =>
  ['order_reversed', 'order_wrong', 'certificate_repeated', 'certificate_extra', 'block_unexpected'].includes(code)

function download(pem: string): void {
  const address = URL.createObjectURL(new Blob([pem], { type: 'application/x-pem-file' }))
  const link = Object.assign(document.createElement('a'), { href: address, download: 'chain.pem' })
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

function base64Of(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
