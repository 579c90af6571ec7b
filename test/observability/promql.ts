/**
 * Reads PromQL with Prometheus' own grammar (the one of its editor) and follows the labels through an expression: what is
 * named must exist, and what a legend or an annotation quotes must be in the result. A form that it does not know is a finding.
 */
import { parser } from '@prometheus-io/lezer-promql';

type Node = ReturnType<typeof parser.parse>['topNode'];

export interface SeriesShape {
  labels: ReadonlySet<string>;
  /** Only counters may be differentiated. */
  isCounter: boolean;
}

export interface Reading {
  problems: readonly string[];
  /** Labels of every series of the result; null for a scalar. */
  labels: ReadonlySet<string> | null;
  series: readonly string[];
}

const KEEPS_LABELS = new Set(['topk', 'bottomk', 'limitk']);
const OF_COUNTERS = new Set(['rate', 'irate', 'increase', 'resets']);
const OF_RANGES = /^(rate|irate|increase|resets|changes|delta|deriv|\w+_over_time)$/;

/** Of Grafana's own variables: any value that makes the query complete. */
const MACROS: readonly [RegExp, string][] = [
  [/\$__rate_interval\b/g, '1m'],
  [/\$__range\b/g, '6h'],
  [/\$job\b/g, 'lakehaul'],
];

export function withoutMacros(expr: string): string {
  return MACROS.reduce((text, [macro, value]) => text.replaceAll(macro, value), expr);
}

export function readPromql(expr: string, shapeOf: (series: string) => SeriesShape | undefined): Reading {
  const problems: string[] = [];
  const series: string[] = [];
  const tree = parser.parse(expr);
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) problems.push(`does not parse at character ${node.from}`);
    },
  });
  if (problems.length > 0) return { problems, labels: null, series };
  const textOf = (node: Node): string => expr.slice(node.from, node.to);
  const root = tree.topNode.firstChild;
  const labels = root === null ? null : follow(root);
  return { problems, labels, series };

  function follow(node: Node, isRangeWanted = false): ReadonlySet<string> | null {
    // The grammar knows no types.
    if (/^(MatrixSelector|SubqueryExpr)$/.test(node.name) !== isRangeWanted)
      problems.push(`${textOf(node)} is ${isRangeWanted ? 'no range' : 'a range'}`);
    switch (node.name) {
      case 'VectorSelector':
        return selector(node);
      case 'AggregateExpr':
        return aggregate(node);
      case 'BinaryExpr':
        return binary(node);
      case 'FunctionCall':
        return call(node);
      case 'ParenExpr':
      case 'MatrixSelector':
      case 'OffsetExpr':
      case 'SubqueryExpr':
      case 'UnaryExpr':
      case 'StepInvariantExpr':
        return follow(operands(node)[0] ?? node);
      case 'NumberDurationLiteral':
      case 'StringLiteral':
        return null;
      default:
        problems.push(`form ${node.name} is not known here`);
        return null;
    }
  }

  function selector(node: Node): ReadonlySet<string> {
    const name = node.getChild('Identifier');
    if (name === null) {
      problems.push(`selector without a name: ${textOf(node)}`);
      return new Set();
    }
    series.push(textOf(name));
    const shape = shapeOf(textOf(name));
    if (shape === undefined) problems.push(textOf(name));
    const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
    for (const matcher of matchers) {
      const label = matcher.getChild('LabelName');
      if (label !== null && shape !== undefined && !shape.labels.has(textOf(label)))
        problems.push(`${textOf(name)}{${textOf(label)}}`);
    }
    return shape?.labels ?? new Set();
  }

  function labelList(node: Node | null): string[] {
    return (node?.getChildren('LabelName') ?? []).map(textOf);
  }

  function aggregate(node: Node): ReadonlySet<string> {
    const inner = all(node.getChild('FunctionCallBody'));
    const operator = node.getChild('AggregateOp');
    const modifier = node.getChild('AggregateModifier');
    const named = labelList(modifier?.getChild('GroupingLabels') ?? null);
    for (const label of named) if (!inner.has(label)) problems.push(`no label ${label} to group by`);
    if (operator !== null && KEEPS_LABELS.has(textOf(operator))) return inner;
    if (modifier?.getChild('Without') != null) return new Set([...inner].filter((label) => !named.includes(label)));
    return new Set(named);
  }

  /** Labels of the vectors among the arguments. */
  function all(body: Node | null, isRangeWanted = false): Set<string> {
    const found = body === null ? [] : operands(body).map((node) => follow(node, isRangeWanted));
    return new Set(found.flatMap((labels) => [...(labels ?? [])]));
  }

  function call(node: Node): ReadonlySet<string> | null {
    const name = textOf(node.getChild('FunctionIdentifier') ?? node);
    const before = series.length;
    const inner = all(node.getChild('FunctionCallBody'), OF_RANGES.test(name));
    if (OF_COUNTERS.has(name))
      for (const each of series.slice(before))
        if (shapeOf(each)?.isCounter === false) problems.push(`${name} of ${each}, which is no counter`);
    if (name === 'time' || name === 'scalar') return null;
    if (name === 'absent' || name === 'vector') return new Set();
    if (name !== 'histogram_quantile') return inner;
    if (!inner.has('le')) problems.push('histogram_quantile of a vector without le');
    inner.delete('le');
    return inner;
  }

  function binary(node: Node): ReadonlySet<string> | null {
    const [leftNode, rightNode] = operands(node);
    const left = leftNode === undefined ? null : follow(leftNode);
    const right = rightNode === undefined ? null : follow(rightNode);
    if (left === null || right === null) return left ?? right;
    const clause = node.getChild('MatchingModifierClause');
    const [matched, included] = clause?.getChildren('GroupingLabels') ?? [];
    const on = labelList(matched ?? null);
    for (const label of on)
      if (!left.has(label) || !right.has(label)) problems.push(`no label ${label} on both sides to match by`);
    if (node.getChild('And') !== null || node.getChild('Unless') !== null) return left;
    if (node.getChild('Or') !== null) return new Set([...left].filter((label) => right.has(label)));
    const isLeft = clause?.getChild('GroupLeft') != null;
    if (isLeft || clause?.getChild('GroupRight') != null) {
      const [many, one] = isLeft ? [left, right] : [right, left];
      const wanted = labelList(included ?? null);
      for (const label of wanted) if (!one.has(label)) problems.push(`no label ${label} to take over`);
      return new Set([...many, ...wanted]);
    }
    if (clause?.getChild('On') != null) return new Set(on);
    return new Set([...left].filter((label) => !on.includes(label)));
  }
}

/** Children that are expressions themselves. */
function operands(node: Node): Node[] {
  const found: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (
      /Expr$|Selector$|^FunctionCall$|Literal$/.test(child.name) &&
      child.name !== 'DurationExpr' &&
      child.name !== 'OffsetDurationExpr'
    )
      found.push(child);
  return found;
}
