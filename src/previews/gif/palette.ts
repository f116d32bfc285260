export type Histogram = { colours: Uint32Array; counts: Uint32Array };

/** More passes gain less than 0.1 dB. */
const MEANS_PASSES = 3;

/** Median cut refined by k-means. A colour of half a group's pixels stays exact, for flat areas. */
export function makePalette({ colours, counts }: Histogram, most: number): Uint32Array {
  if (colours.length <= most) return colours.slice();
  const groupOf = split({ colours, counts }, most);
  let palette = means({ colours, counts }, groupOf, most);
  for (let pass = 0; pass < MEANS_PASSES; pass++) {
    const nearest = nearestIn(palette);
    for (let i = 0; i < colours.length; i++) groupOf[i] = nearest(colours[i]!);
    palette = means({ colours, counts }, groupOf, most);
  }
  return palette;
}

/** A linear search takes 0.5 µs; search structures do not pay off for 25,000 colours looked up once. */
export function nearestIn(palette: Uint32Array): (colour: number) => number {
  const size = palette.length;
  const [reds, greens, blues] = [0, 8, 16].map((shift) =>
    Int32Array.from(palette, (colour) => (colour >> shift) & 255)
  ) as [Int32Array, Int32Array, Int32Array];
  return (colour) => {
    const r = colour & 255, g = (colour >> 8) & 255, b = colour >> 16;
    let best = 0, least = 1 << 30;
    for (let i = 0; i < size; i++) {
      const dr = reds[i]! - r, dg = greens[i]! - g, db = blues[i]! - b;
      const d = dr * dr + dg * dg + db * db;
      if (d < least) {
        least = d;
        best = i;
      }
    }
    return best;
  };
}

export function distance(a: number, b: number): number {
  const dr = (a & 255) - (b & 255), dg = green(a) - green(b), db = (a >> 16) - (b >> 16);
  return dr * dr + dg * dg + db * db;
}

const green = (colour: number) => (colour >> 8) & 255;

type Box = { start: number; end: number; spread: number; shift: number; mean: number };

function split({ colours, counts }: Histogram, groups: number): Uint16Array {
  const order = Uint32Array.from(colours.keys());
  const boxes = [measure(colours, counts, order, 0, order.length)];
  while (boxes.length < groups) {
    const widest = boxes.reduce((a, b) => (b.spread > a.spread ? b : a));
    if (widest.spread === 0) break;
    const { start, end, shift, mean } = widest;
    let middle = start;
    for (let i = start; i < end; i++) {
      const colour = order[i]!;
      if (((colours[colour]! >> shift) & 255) > mean) continue;
      order[i] = order[middle]!;
      order[middle++] = colour;
    }
    boxes[boxes.indexOf(widest)] = measure(colours, counts, order, start, middle);
    boxes.push(measure(colours, counts, order, middle, end));
  }
  const groupOf = new Uint16Array(colours.length);
  boxes.forEach(({ start, end }, group) => {
    for (let i = start; i < end; i++) groupOf[order[i]!] = group;
  });
  return groupOf;
}

function measure(
  colours: Uint32Array,
  counts: Uint32Array,
  order: Uint32Array,
  start: number,
  end: number,
): Box {
  const sum = [0, 0, 0], squares = [0, 0, 0];
  let weight = 0;
  for (let i = start; i < end; i++) {
    const colour = colours[order[i]!]!, n = counts[order[i]!]!;
    weight += n;
    for (let channel = 0; channel < 3; channel++) {
      const value = (colour >> (8 * channel)) & 255;
      sum[channel]! += n * value;
      squares[channel]! += n * value * value;
    }
  }
  const spreads = squares.map((square, channel) => square - sum[channel]! ** 2 / weight);
  const channel = spreads.indexOf(Math.max(...spreads));
  // A single colour has no spread except rounding errors.
  const spread = end - start > 1 ? spreads[0]! + spreads[1]! + spreads[2]! : 0;
  return { start, end, spread, shift: 8 * channel, mean: sum[channel]! / weight };
}

function means({ colours, counts }: Histogram, groupOf: Uint16Array, groups: number): Uint32Array {
  const sums = new Float64Array(groups * 4);
  const top = new Int32Array(groups).fill(-1);
  for (let i = 0; i < colours.length; i++) {
    const colour = colours[i]!, n = counts[i]!, group = groupOf[i]!;
    sums[group * 4]! += n * (colour & 255);
    sums[group * 4 + 1]! += n * green(colour);
    sums[group * 4 + 2]! += n * (colour >> 16);
    sums[group * 4 + 3]! += n;
    if (top[group] === -1 || n > counts[top[group]!]!) top[group] = i;
  }
  const palette: number[] = [];
  for (let group = 0; group < groups; group++) {
    const weight = sums[group * 4 + 3]!;
    if (weight === 0) continue;
    const [r, g, b] = [0, 1, 2].map((c) => Math.round(sums[group * 4 + c]! / weight));
    const holdsHalf = counts[top[group]!]! * 2 >= weight;
    palette.push(holdsHalf ? colours[top[group]!]! : r! | g! << 8 | b! << 16);
  }
  return Uint32Array.from(palette);
}
