/** Owns the check of what people read: links within the repository lead somewhere. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Check, CheckResult } from './check.ts'

export const docsChecks: readonly Check[] = [{ name: 'links in the documentation', run: () => Promise.resolve(checkLinks('.')) }]

/** Every relative link of every page below `root` to a file, and to a heading where it names one. */
export function checkLinks(root: string): CheckResult {
  const pages = globSync('{*.md,docs/**/*.md}', { cwd: root }).toSorted()
  let links = 0
  const faults = pages.flatMap((page) =>
    linksOf(readFileSync(path.join(root, page), 'utf8')).flatMap(({ target, line }) => {
      links++
      const fault = faultOf(root, page, target)
      return fault === undefined ? [] : [`${page}:${line}: ${target}: ${fault}`]
    }),
  )
  return links === 0 ? { ok: false, output: 'no link was found' } : { ok: faults.length === 0, output: faults.join('\n') }
}

function faultOf(root: string, page: string, target: string): string | undefined {
  const [file = '', anchor] = decodeURI(target).split('#')
  const resolved = path.normalize(path.join(root, file === '' ? page : path.join(path.dirname(page), file)))
  if (path.relative(root, resolved).startsWith('..')) return 'outside of the repository'
  if (!existsSync(resolved)) return 'there is no such file'
  if (anchor === undefined || !resolved.endsWith('.md')) return undefined
  if (statSync(resolved).isDirectory()) return 'a folder has no headings'
  return headingsOf(readFileSync(resolved, 'utf8')).has(anchor) ? undefined : 'there is no such heading'
}

/** `[text](target)` and `![text](target)` outside of code; addresses of other places are theirs to keep. */
function linksOf(text: string): Array<{ readonly target: string; readonly line: number }> {
  const prose = withoutCode(text)
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap((match) => {
    const [, target = ''] = match
    return /^[a-z]+:/i.test(target) ? [] : [{ target, line: prose.slice(0, match.index).split('\n').length }]
  })
}

/** Blanks in their place, so that lines stay where they are. */
function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```|`[^`\n]*`/gm, (code) => code.replaceAll(/[^\n]/g, ' '))
}

/** As GitHub makes anchors of headings. */
function headingsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, title = ''] of text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const words = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const base = words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-')
    let anchor = base
    for (let copy = 1; anchors.has(anchor); copy++) anchor = `${base}-${copy}`
    anchors.add(anchor)
  }
  return anchors
}
