/** A plot of the rate against the number of stored certificates: plain SVG that reads on a light and a dark page. */

interface PlotPoint {
  readonly stored: number
  readonly rate: number
  readonly low: number
  readonly high: number
}

export interface PlotLine {
  readonly name: string
  readonly points: readonly PlotPoint[]
}

const width = 760
const height = 420
const area = { left: 70, right: 560, top: 40, bottom: 360 }
/** Told apart on white and on black, also by those who see red and green alike. */
const colours = ['#0a84d0', '#d55e00', '#1a9e77', '#b65fa8', '#8a8a1a']

export function plotOf(lines: readonly PlotLine[], title: string): string {
  const stored = [...new Set(lines.flatMap(({ points }) => points.map((point) => point.stored)))]
  const steps = stored.toSorted((a, b) => a - b)
  const top = niceAbove(Math.max(1, ...lines.flatMap(({ points }) => points.map((p) => p.high))))
  const place: Place = {
    x: (count) =>
      area.left +
      ((steps.indexOf(count) + 0.5) / Math.max(1, steps.length)) * (area.right - area.left),
    y: (rate) => area.bottom - (rate / top) * (area.bottom - area.top),
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    '<style>text{font:13px sans-serif;fill:#333}.grid{stroke:#8886}.axis{stroke:#888}',
    '@media (prefers-color-scheme:dark){text{fill:#ddd}}</style>',
    `<text x="${area.left}" y="22">${escaped(title)}</text>`,
    ...gridOf(top, place),
    ...steps.map((count) => label(place.x(count), area.bottom + 20, countName(count))),
    label((area.left + area.right) / 2, area.bottom + 44, 'certificates stored'),
    ...lines.flatMap((line, index) => lineOf(line, index, place)),
    '</svg>',
    '',
  ].join('\n')
}

interface Place {
  readonly x: (stored: number) => number
  readonly y: (rate: number) => number
}

/** Lines at five rates. */
function gridOf(top: number, { y }: Place): string[] {
  return [0, 1, 2, 3, 4, 5].flatMap((step) => {
    const rate = (top * step) / 5
    const at = y(rate).toFixed(1)
    const kind = step === 0 ? 'axis' : 'grid'
    return [
      `<line class="${kind}" x1="${area.left}" x2="${area.right}" y1="${at}" y2="${at}"/>`,
      `<text x="${area.left - 8}" y="${(y(rate) + 4).toFixed(1)}" text-anchor="end">${rate.toFixed(0)}/s</text>`,
    ]
  })
}

/** The medians, with a bar from the lowest to the highest turn, and the name at its end of a list. */
function lineOf({ name, points }: PlotLine, index: number, { x, y }: Place): string[] {
  const colour = colours[index % colours.length] ?? '#888'
  const ordered = points.toSorted((a, b) => a.stored - b.stored)
  const path = ordered.map((p) => `${x(p.stored).toFixed(1)},${y(p.rate).toFixed(1)}`).join(' ')
  const legendAt = area.top + 10 + index * 24
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...ordered.flatMap((point) => {
      const at = x(point.stored).toFixed(1)
      return [
        `<line x1="${at}" x2="${at}" y1="${y(point.low).toFixed(1)}" y2="${y(point.high).toFixed(1)}" stroke="${colour}"/>`,
        `<circle cx="${at}" cy="${y(point.rate).toFixed(1)}" r="4" fill="${colour}"/>`,
      ]
    }),
    `<circle cx="${area.right + 20}" cy="${legendAt - 4}" r="4" fill="${colour}"/>`,
    `<text x="${area.right + 32}" y="${legendAt}">${escaped(name)}</text>`,
  ]
}

function label(x: number, y: number, text: string): string {
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="middle">${escaped(text)}</text>`
}

function countName(count: number): string {
  if (count >= 1_000_000) return `${count / 1_000_000} million`
  return String(count)
}

/** The next of 1, 2, 5 and their tens. */
function niceAbove(value: number): number {
  const ten = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((step) => step * ten).find((step) => step >= value) ?? value
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
