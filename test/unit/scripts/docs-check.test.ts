/** Tests that the check of links sees what is wrong, and faults nothing else. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { checkLinks } from '../../../scripts/checks/docs.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

function check(pages: Readonly<Record<string, string>>) {
  const root = temporaryDirectory()
  for (const [page, text] of Object.entries(pages)) {
    mkdirSync(path.join(root, path.dirname(page)), { recursive: true })
    writeFileSync(path.join(root, page), text)
  }
  return checkLinks(root)
}

test('links to files, folders, headings and elsewhere are right', () => {
  const pages = {
    'README.md': '# A\n[b](docs/b.md), [folder](docs/), [there](docs/b.md#what-it-is-not), [here](#a), [web](https://example.org/x.md)\n',
    'docs/b.md':
      '## What it is: `not`\n## Twice\n## Twice\n[up](../README.md#a) [self](#twice-1)\n```\n[code](nowhere.md)\n```\n`[code](nowhere.md)`\n',
  }
  expect(check(pages)).toEqual({ ok: true, output: '' })
})

test.each([
  ['[x](docs/none.md)', 'docs/none.md: there is no such file'],
  ['[x](#none)', '#none: there is no such heading'],
  ['![x](../outside.svg)', '../outside.svg: outside of the repository'],
])('%s', (text, fault) => {
  expect(check({ 'README.md': `# A\n\n${text}\n` })).toEqual({ ok: false, output: `README.md:3: ${fault}` })
})

test('nothing seen is nothing checked', () => {
  expect(check({ 'README.md': '# A\n' }).ok).toBe(false)
})
