/**
 * Owns what can be said of a PromQL query without running it: which metrics and labels it names, and which labels its answer
 * may have. Parsed with the grammar that Prometheus' own pages use.
 */
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'

/** Labels that the series of each metric may have, by name. */
export type MetricLabels = ReadonlyMap<string, ReadonlySet<string>>

export interface Analysis {
  /** Labels that the answer may have. */
  readonly labels: ReadonlySet<string>
  readonly metrics: ReadonlySet<string>
  /** Sentences: a metric that nobody publishes, a label that a metric cannot have, a query that does not parse. */
  readonly faults: readonly string[]
}

export function analyse(query: string, known: MetricLabels): Analysis {
  const faults: string[] = []
  const metrics = new Set<string>()
  const tree = parser.parse(query)
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) faults.push(`does not parse at ${node.from}: ${query.slice(node.from, node.from + 40)}`)
    },
  })
  const root = tree.topNode.firstChild
  const labels = root === null ? new Set<string>() : labelsOf(root, { query, known, faults, metrics })
  return { labels, metrics, faults }
}

interface Context {
  readonly query: string
  readonly known: MetricLabels
  readonly faults: string[]
  readonly metrics: Set<string>
}

function labelsOf(node: SyntaxNode, context: Context): Set<string> {
  switch (node.name) {
    case 'VectorSelector':
      return selected(node, context)
    case 'AggregateExpr':
      return aggregated(node, context)
    case 'BinaryExpr':
      return combined(node, context)
    case 'FunctionCall':
      return called(node, context)
    case 'NumberDurationLiteral':
    case 'StringLiteral':
      return new Set()
    default: {
      // What only wraps a vector: parentheses, signs, windows, offsets, @.
      const inner = childrenOf(node).find((child) => EXPRESSIONS.has(child.name))
      if (inner !== undefined) return labelsOf(inner, context)
      context.faults.push(`${node.name} is not understood: ${textOf(node, context)}`)
      return new Set()
    }
  }
}

const EXPRESSIONS = new Set([
  'VectorSelector',
  'MatrixSelector',
  'SubqueryExpr',
  'AggregateExpr',
  'BinaryExpr',
  'FunctionCall',
  'ParenExpr',
  'UnaryExpr',
  'OffsetExpr',
  'StepInvariantExpr',
  'NumberDurationLiteral',
  'StringLiteral',
])

function selected(node: SyntaxNode, context: Context): Set<string> {
  const name = textOf(node.getChild('Identifier'), context)
  context.metrics.add(name)
  const known = context.known.get(name)
  if (known === undefined) {
    context.faults.push(`nobody publishes or records ${name}`)
    return new Set()
  }
  for (const matcher of node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
    const label = textOf(matcher.getChild('LabelName'), context)
    if (!known.has(label)) context.faults.push(`${name} never has the label ${label}`)
  }
  return new Set(known)
}

function aggregated(node: SyntaxNode, context: Context): Set<string> {
  const operator = textOf(node.getChild('AggregateOp'), context)
  const modifier = node.getChild('AggregateModifier')
  const labels = labelsOf(lastExpression(node.getChild('FunctionCallBody'), context), context)
  const grouping = namesIn(modifier?.getChild('GroupingLabels'), context)
  missing(grouping, labels, `${operator} groups by`, context)
  if (['topk', 'bottomk', 'limitk'].includes(operator)) return labels
  if (modifier?.getChild('Without') !== null && modifier !== null) return without(labels, grouping)
  return new Set(grouping.filter((label) => labels.has(label)))
}

function called(node: SyntaxNode, context: Context): Set<string> {
  const name = textOf(node.getChild('FunctionIdentifier'), context)
  const body = node.getChild('FunctionCallBody')
  const inputs = body === null ? [] : childrenOf(body).filter((child) => EXPRESSIONS.has(child.name))
  const labels = new Set(inputs.flatMap((input) => [...labelsOf(input, context)]))
  const texts = inputs.filter((input) => input.name === 'StringLiteral').map((input) => textOf(input, context).slice(1, -1))
  if (name === 'label_replace') {
    const [target = '', , source = ''] = texts
    if (source !== '') missing([source], labels, 'label_replace reads', context)
    return labels.add(target)
  }
  if (name === 'label_join') {
    const [target = '', , ...sources] = texts
    missing(sources, labels, 'label_join reads', context)
    return labels.add(target)
  }
  return name === 'histogram_quantile' ? without(labels, ['le']) : labels
}

function combined(node: SyntaxNode, context: Context): Set<string> {
  const [left, right] = childrenOf(node).filter((child) => EXPRESSIONS.has(child.name))
  if (left === undefined || right === undefined) {
    context.faults.push(`one side is missing: ${textOf(node, context)}`)
    return new Set()
  }
  const [ofLeft, ofRight] = [labelsOf(left, context), labelsOf(right, context)]
  const clause = node.getChild('MatchingModifierClause')
  const [by, extra] = clause?.getChildren('GroupingLabels').map((labels) => namesIn(labels, context)) ?? []
  if (clause?.getChild('On')) {
    missing(by ?? [], ofLeft, 'the left side is matched on', context)
    missing(by ?? [], ofRight, 'the right side is matched on', context)
  }
  if (node.getChild('Or')) return new Set([...ofLeft, ...ofRight])
  if (node.getChild('And') || node.getChild('Unless')) return ofLeft
  if (isNumber(left)) return ofRight
  if (isNumber(right)) return ofLeft
  if (clause?.getChild('GroupLeft')) {
    missing(extra ?? [], ofRight, 'group_left takes', context)
    return new Set([...ofLeft, ...(extra ?? [])])
  }
  if (clause?.getChild('GroupRight')) {
    missing(extra ?? [], ofLeft, 'group_right takes', context)
    return new Set([...ofRight, ...(extra ?? [])])
  }
  if (clause?.getChild('On')) return new Set((by ?? []).filter((label) => ofLeft.has(label)))
  return without(ofLeft, by ?? [])
}

function isNumber(node: SyntaxNode): boolean {
  if (node.name === 'ParenExpr' || node.name === 'UnaryExpr') return childrenOf(node).some((child) => isNumber(child))
  return node.name === 'NumberDurationLiteral'
}

function missing(names: readonly string[], labels: ReadonlySet<string>, what: string, context: Context): void {
  for (const name of names) if (!labels.has(name)) context.faults.push(`${what} ${name}, which is never there`)
}

function without(labels: ReadonlySet<string>, names: readonly string[]): Set<string> {
  return new Set([...labels].filter((label) => !names.includes(label)))
}

function lastExpression(body: SyntaxNode | null, context: Context): SyntaxNode {
  const found = body === null ? undefined : childrenOf(body).findLast((child) => EXPRESSIONS.has(child.name))
  if (found === undefined) throw new Error(`an aggregation of nothing: ${context.query}`)
  return found
}

function namesIn(grouping: SyntaxNode | null | undefined, context: Context): string[] {
  return grouping?.getChildren('LabelName').map((name) => textOf(name, context)) ?? []
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child)
  return children
}

function textOf(node: SyntaxNode | null, { query }: Context): string {
  return node === null ? '' : query.slice(node.from, node.to)
}
