import { expect, test } from 'vitest'
import { createClassifier, type CategoryRule } from '../../../../src/lib/groups/category.ts'
import { loadCategories } from '../../../../src/lib/groups/category-rules.ts'

const shipped = createClassifier(loadCategories())
const of = (group: string, more: { exe?: string; unit?: string; user?: string } = {}) => shipped({ group, isKernelThread: false, ...more })

test.each([
  ['restic', 'backup'],
  ['postgres', 'database'],
  ['nginx', 'web'],
  ['php-fpm8.2', 'web'],
  ['node_exporter', 'monitoring'],
  ['cc1plus', 'development'],
  ['firefox-esr', 'desktop'],
  ['systemd-journald', 'system'],
  ['dockerd', 'container'],
  ['sshd', 'network'],
])('%s is %s', (group, category) => {
  expect(of(group)).toMatchObject({ category, confidence: 0.9 })
})

test('a script is known by its interpreter no more than by its name, a unit or user is a weaker sign', () => {
  expect(of('invoice.py', { exe: '/usr/bin/python3' })).toBeUndefined()
  expect(of('nightly.sh', { unit: 'nightly-backup.service' })).toMatchObject({ category: 'backup', confidence: 0.7 })
  expect(of('custom', { user: 'postgres' })).toMatchObject({ category: 'database', confidence: 0.3 })
  expect(of('nginx', { user: 'postgres' })).toMatchObject({ category: 'web', confidence: 0.9 })
})

test('kernel threads are the kernel, whatever they are called', () => {
  expect(shipped({ group: 'nginx', isKernelThread: true })).toEqual({ category: 'kernel', confidence: 1 })
})

test('the most confident rule decides, and a star is no regular expression', () => {
  const rule = (category: string, confidence: number, programs: string[]): CategoryRule => ({
    category,
    confidence,
    programs,
    units: [],
    users: [],
  })
  const classify = createClassifier([rule('weak', 0.2, ['a.*']), rule('strong', 0.8, ['a.b*'])])
  expect(classify({ group: 'a.bc', isKernelThread: false })?.category).toBe('strong')
  expect(classify({ group: 'a.x', isKernelThread: false })?.category).toBe('weak')
  expect(classify({ group: 'axb', isKernelThread: false })).toBeUndefined()
})
