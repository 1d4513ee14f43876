import { isMap, isSeq, parseDocument } from 'yaml'
import type { DevApp } from '../../domain/devapp.ts'
import { RegistryError } from '../store.ts'
import { ChainNames, headWith } from './chain_names.ts'
import { pemNode, writeDevApp } from './devapp_node.ts'
import type { Reading } from './devapps_reader.ts'
import { FileLayout, itemsOf } from './file_layout.ts'

/** One DevApp that is to be another one, or is to be there, or not: what it is not, before or after, is `undefined`. */
export interface Edit {
  readonly before: DevApp | undefined
  readonly after: DevApp | undefined
}

/**
 * A registry file with one DevApp changed, in parts. No other line is touched, and of its own only those that say something else
 * than before; a file that is not laid out item by item is written anew, with its comments. CAs that the file does not name yet
 * are added to `chains`. Throws a RegistryError where the file cannot be edited.
 */
export function editedRegistry(bytes: Buffer, reading: Reading, edit: Edit): readonly Uint8Array[] {
  const names = new ChainNames(reading.chains)
  // A list without items is written in another way.
  const isLast = edit.after === undefined && reading.devApps.length === 1
  const parts = reading.byItem && !isLast ? editedItems(bytes, reading, edit, names) : undefined
  return parts ?? [Buffer.from(editedDocument(bytes.toString('utf8'), reading, edit, names))]
}

/** `undefined` where a chain has to be added, and cannot be without touching other lines. */
function editedItems(
  bytes: Buffer,
  { devApps }: Reading,
  { before, after }: Edit,
  names: ChainNames,
): Uint8Array[] | undefined {
  const layout = new FileLayout()
  const items = [...layout.push(bytes), layout.end()].flatMap((block) => (block === undefined ? [] : itemsOf(block)))
  const [first, last] = [items[0], items.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const indent = /^( *)- /m.exec(first.bytes.toString('utf8'))?.[1] ?? ''
  const item = before === undefined ? undefined : items[devApps.indexOf(before)]

  let edited: Uint8Array[]
  if (before === undefined || item === undefined) {
    const isSpaced = items.length > 1 && /\n\s*\n$/.test(first.bytes.toString('utf8'))
    const end = last.bytes.at(-1) === 0x0a ? '' : '\n'
    const gap = isSpaced && !/\n\s*\n$/.test(last.bytes.toString('utf8')) ? '\n' : ''
    const text = itemText('- {}\n', undefined, after, { names, indent })
    edited = [bytes.subarray(first.offset), Buffer.from(`${end}${gap}${text}`)]
  } else {
    const { lead, body } = partsOf(item.bytes.toString('utf8'), indent)
    const from = item.offset + Buffer.byteLength(lead)
    const untouched = bytes.subarray(first.offset, from)
    edited = [
      after === undefined ? withoutCommentAbove(untouched, indent) : untouched,
      Buffer.from(itemText(body, before, after, { names, indent })),
      bytes.subarray(from + Buffer.byteLength(body)),
    ]
  }
  const head = headWith(bytes.toString('utf8', 0, first.offset), names.added)
  return head === undefined ? undefined : [Buffer.from(head), ...edited]
}

/** The item's lines with what has changed; none where the DevApp is to go. */
function itemText(
  written: string,
  before: DevApp | undefined,
  after: DevApp | undefined,
  { names, indent }: { readonly names: ChainNames; readonly indent: string },
): string {
  if (after === undefined) return ''
  const document = parseDocument(written, { schema: 'core', stringKeys: true })
  const item = isSeq(document.contents) ? document.contents.items[0] : undefined
  if (!isMap(item)) throw new RegistryError('the DevApp is written in a way that cannot be edited; change it by hand')
  if (before === undefined) item.flow = false
  writeDevApp(document, item, { before, after, nameOf: names.nameOf })
  return document.toString({ lineWidth: 0 }).replace(/^(?=.)/gm, indent)
}

/** An item without the comments and empty lines around it that speak of others. */
function partsOf(text: string, indent: string): { readonly lead: string; readonly body: string } {
  const lines = text.split(/(?<=\n)/)
  const isOutside = (line: string): boolean => /^\s*$/.test(line) || line.search(/\S/) === line.search(/(?<=^ *)#/)
  const speaksOfOthers = (line: string): boolean => isOutside(line) && line.search(/[^ ]/) <= indent.length
  const from = lines.findIndex((line) => !isOutside(line))
  const to = lines.findLastIndex((line) => !speaksOfOthers(line)) + 1
  return { lead: lines.slice(0, from).join(''), body: lines.slice(from, to).join('') }
}

/** A comment directly above a DevApp speaks of it, and goes with it. */
function withoutCommentAbove(bytes: Buffer, indent: string): Buffer {
  const end = bytes.subarray(-maxCommentBytes).toString('latin1')
  const [comment = ''] = new RegExp(`(?:(?<=^|\\n)${indent}#[^\\n]*\\n)*$`).exec(end) ?? []
  return bytes.subarray(0, bytes.length - comment.length)
}

const maxCommentBytes = 4_096

/** The same where the layout is another one: all is written anew. */
function editedDocument(yaml: string, { devApps }: Reading, { before, after }: Edit, names: ChainNames): string {
  const document = parseDocument(yaml, { schema: 'core', stringKeys: true })
  const list = document.get('devapps')
  const at = before === undefined ? devApps.length : devApps.indexOf(before)
  const item = before === undefined ? document.createNode({}) : isSeq(list) && list.items[at]
  if (!isSeq(list) || !isMap(item))
    throw new RegistryError('the registry is written in a way that cannot be edited; change it by hand')
  if (after === undefined) {
    list.items.splice(at, 1)
    if (list.items.length === 0) list.flow = true
    return document.toString({ lineWidth: 0 })
  }
  // A block cannot stand inside of what is written in braces and brackets.
  list.flow = false
  item.flow = false
  writeDevApp(document, item, { before, after, nameOf: names.nameOf })
  list.items[at] = item
  for (const [name, chain] of names.added) document.setIn(['chains', name], pemNode(chain))
  return document.toString({ lineWidth: 0 })
}
