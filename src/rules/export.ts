/** Owns turning rule files into PrometheusRule objects, which the Prometheus operator reads. Pure: text in, text out. */
import path from 'node:path'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { UsageError } from '../lib/errors.ts'

export interface RuleFileText {
  readonly file: string
  readonly text: string
}

export interface ObjectOptions {
  /** What the names of the objects begin with. */
  readonly name: string
  readonly namespace: string | undefined
  /** What the operator's `ruleSelector` looks for. */
  readonly labels: Readonly<Record<string, string>>
}

/** Names of Kubernetes objects of this kind are DNS subdomains (RFC 1123). */
const OBJECT_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const LABEL_KEY = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/

/** The operator wants text where Prometheus takes a number or a truth value as well: `expr: 5`, `tier: 1`. */
const Text = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const Texts = z.record(z.string(), Text)
const RuleFile = z.object({
  groups: z.array(
    z.looseObject({
      name: Text,
      interval: Text.optional(),
      labels: Texts.optional(),
      rules: z.array(z.looseObject({ expr: Text, labels: Texts.optional(), annotations: Texts.optional() })),
    }),
  ),
})

/** An object for each file, or one with the groups of all, as one YAML text. Throws UsageError for what Kubernetes would refuse. */
export function prometheusRules(files: readonly RuleFileText[], options: ObjectOptions, isOne: boolean): ReadonlyMap<string, string> {
  refuseFaults(options)
  const groups = files.map((file) => ({ file: file.file, groups: groupsOf(file) }))
  const objects = isOne
    ? [{ name: options.name, groups: groups.flatMap((each) => each.groups) }]
    : groups.map((each) => ({ name: `${options.name}-${objectName(each.file)}`, groups: each.groups }))
  const again = isOne ? repeated(groups.flatMap((each) => each.groups.map(({ name }) => name))) : undefined
  if (again !== undefined) throw new UsageError(`two groups are called ${again}, which one object does not take: leave out --one`)
  const texts = new Map<string, string>()
  for (const { name, groups: members } of objects) {
    if (!OBJECT_NAME.test(name)) throw new UsageError(`${name} is no name of an object in Kubernetes: give another --name`)
    if (texts.has(name)) throw new UsageError(`two rule files would both be the object ${name}: rename one of them, or write --one`)
    texts.set(name, objectText(name, members, options))
  }
  return texts
}

/** `NAME=VALUE`. Throws UsageError. */
export function parseLabel(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  const [key, value] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
  if (at < 0 || !LABEL_KEY.test(key) || !LABEL_VALUE.test(value))
    throw new UsageError(`"${text}" is no label of Kubernetes: write NAME=VALUE, such as release=monitoring`)
  return [key, value]
}

function refuseFaults({ name, namespace }: ObjectOptions): void {
  if (!OBJECT_NAME.test(name)) throw new UsageError(`--name ${name}: write small letters, digits, dots and hyphens`)
  if (namespace !== undefined && !NAMESPACE.test(namespace))
    throw new UsageError(`--namespace ${namespace}: write small letters, digits and hyphens, at most 63`)
}

function groupsOf({ file, text }: RuleFileText): ReadonlyArray<{ readonly name: string }> {
  const result = RuleFile.safeParse(parse(text, { merge: true }))
  if (result.success) return result.data.groups
  const [issue] = result.error.issues
  throw new UsageError(`${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'this is no Prometheus rule file'}`)
}

function objectText(name: string, groups: readonly unknown[], { namespace, labels }: ObjectOptions): string {
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { 'app.kubernetes.io/name': 'procwarden', ...labels },
  }
  const object = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata, spec: { groups } }
  // kubectl reads YAML 1.1, where a bare `on`, `yes` or `1:30` is no text. Lines are not folded: an expression stays as it is.
  return stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) < index)
}

function objectName(file: string): string {
  return path
    .basename(file)
    .replace(/[.]ya?ml$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
    .replaceAll(/^[.-]+|[.-]+$/g, '')
}
