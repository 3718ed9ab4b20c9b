// Reads the Prometheus text format as strictly as it is written down (prometheus.io: "Exposition formats", "Metric and label
// naming", "Histograms and summaries"), so that a test sees what a server would stumble over.

const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN`;
const LABEL = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`;
const SAMPLE = new RegExp(`^([a-zA-Z_:][\\w:]*)(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (${NUMBER})$`);
/** Labels that mean something in samples of one type, and the suffixes that only its samples may have. */
const OWN_LABEL = { histogram: 'le', summary: 'quantile' } as const;
const SUFFIXES = {
  counter: [''],
  gauge: [''],
  summary: ['', '_sum', '_count'],
  histogram: ['_bucket', '_sum', '_count'],
} as const;
type MetricType = keyof typeof SUFFIXES;
/** Units other than the base ones. */
const WRONG_UNIT = /_(?:ms|us|milliseconds|microseconds|kb|kilobytes|bits|percent|minutes)(?:_|$)/;

interface Family {
  readonly name: string;
  readonly type: MetricType;
}

/** Answers the samples by series, as text. Throws naming the line that breaks a rule. */
export function parseExposition(text: string): Map<string, string> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('The last line must end in a line feed');
  const series = new Map<string, string>();
  const seen = new Set<string>();
  let help: string | undefined;
  let family: Family | undefined;
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment?.[1] === 'HELP') help = comment[2];
    else if (comment?.[1] === 'TYPE') {
      family = familyOf(comment[2] ?? '', comment[3] ?? '', line);
      if (help !== family.name) throw new Error(`TYPE without its HELP just before: ${line}`);
      if (seen.has(family.name)) throw new Error(`Second TYPE: ${line}`);
      seen.add(family.name);
    } else takeSample(line, family, series);
  }
  for (const key of series.keys()) checkHistogram(key, series);
  return series;
}

function familyOf(name: string, type: string, line: string): Family {
  if (!(type in SUFFIXES)) throw new Error(`Not a type: ${line}`);
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`Names are in snake case: ${line}`);
  if (name.endsWith('_total') !== (type === 'counter')) throw new Error(`_total is of counters: ${line}`);
  if (WRONG_UNIT.test(name)) throw new Error(`Units are the base ones, in full: ${line}`);
  if (/_(?:sum|count|bucket|info)$/.test(name)) throw new Error(`Suffix that means something: ${line}`);
  return { name, type: type as MetricType };
}

function takeSample(line: string, family: Family | undefined, series: Map<string, string>): void {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`Not a sample: ${line}`);
  if (family === undefined || !name.startsWith(family.name))
    throw new Error(`Sample outside of its family: ${line}`);
  const suffix = name.slice(family.name.length);
  if (!(SUFFIXES[family.type] as readonly string[]).includes(suffix))
    throw new Error(`Sample that a ${family.type} does not have: ${line}`);
  const names = [...labels.matchAll(/(?:^|,)([a-zA-Z_]\w*)=/g)].map(([, label]) => label);
  if (new Set(names).size !== names.length) throw new Error(`Label twice: ${line}`);
  for (const [type, label] of Object.entries(OWN_LABEL)) {
    const isDue = type === family.type && (suffix === '' || suffix === '_bucket');
    if (names.includes(label) !== isDue) throw new Error(`Label "${label}" is due or out of place: ${line}`);
  }
  if (family.type === 'counter' && !(Number(value) >= 0)) throw new Error(`Counters start at zero: ${line}`);
  const key = line.slice(0, line.lastIndexOf(' '));
  if (series.has(key)) throw new Error(`Second sample of one series: ${line}`);
  series.set(key, value);
}

/** Of the series that is a histogram's count: buckets rise up to +Inf, which is the count, and a sum is there. */
function checkHistogram(key: string, series: ReadonlyMap<string, string>): void {
  const [, name, labels = ''] = /^(\w+)_count(?:\{(.*)\})?$/.exec(key) ?? [];
  if (name === undefined) return;
  const start = `${name}_bucket{${labels === '' ? '' : `${labels},`}le="`;
  const buckets = [...series].filter(([other]) => other.startsWith(start));
  if (buckets.length === 0) return;
  let [lastEdge, lastCount] = [Number.NEGATIVE_INFINITY, 0];
  for (const [other, count] of buckets) {
    const edge = Number(other.slice(start.length, -2).replace('+Inf', 'Infinity'));
    if (!(edge > lastEdge) || Number(count) < lastCount) throw new Error(`Buckets must rise: ${other}`);
    [lastEdge, lastCount] = [edge, Number(count)];
  }
  if (lastEdge !== Number.POSITIVE_INFINITY || String(lastCount) !== series.get(key))
    throw new Error(`The last bucket is +Inf and has all: ${key}`);
  if (!series.has(key.replace('_count', '_sum'))) throw new Error(`No sum beside ${key}`);
}
