import { expect, test } from 'vitest'
import { compileIgnored } from '../../../src/exporter/ignored-names.ts'

const ignoredOf = (pattern: string, ...paths: string[]): boolean[] => {
  const { isIgnoredPath } = compileIgnored([pattern])
  return paths.map((path) => isIgnoredPath(path.split('/')))
}

test('a pattern without a slash is a whole name at any depth', () => {
  expect(ignoredOf('cache', 'cache', 'a/cache', 'cache/a', 'caches')).toEqual([true, true, false, false])
  expect(ignoredOf('*.tmp', 'a.tmp', 'a/b.tmp', 'a.tmpx', '.tmp')).toEqual([true, true, false, true])
})

test('a pattern with a slash is a path below the root', () => {
  expect(ignoredOf('a/b', 'a/b', 'x/a/b', 'a/b/c')).toEqual([true, false, false])
  expect(ignoredOf('/build/', 'build', 'x/build')).toEqual([true, false])
  expect(ignoredOf('a/*/c', 'a/b/c', 'a/c', 'a/b/x/c')).toEqual([true, false, false])
})

test('two stars stand for any number of folders', () => {
  expect(ignoredOf('**/dist/*.map', 'dist/a.map', 'x/y/dist/a.map', 'x/dist/y/a.map', 'dist/a.js')).toEqual([true, true, false, false])
  expect(ignoredOf('logs/**', 'logs', 'logs/a', 'logs/a/b')).toEqual([false, true, true])
})

test('names alone are told as bytes, so that others need not become text', () => {
  expect(compileIgnored(['node_modules', '.git']).ignoredNames?.map(String)).toEqual(['node_modules', '.git'])
  expect(compileIgnored(['a', '*.tmp']).ignoredNames).toBeUndefined()
  expect(compileIgnored(['a', 'b/c']).ignoredNames).toBeUndefined()
})

test('a pattern is no regular expression, and none takes long', () => {
  expect(ignoredOf('(a+)+*', '(a+)+b', 'aaaa')).toEqual([true, false])
  expect(ignoredOf(`${'*a'.repeat(4)}b`, 'a'.repeat(200))).toEqual([false])
})
