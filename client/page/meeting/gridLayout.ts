// How many columns of tiles fit a stage best. Pure: sizes in, sizes out, all in CSS pixels.

/** Width over height. */
const WIDE = 16 / 9;
/** On an upright stage (a phone) tiles may grow towards this shape, or most of the stage would stay empty. */
const UPRIGHT = 3 / 4;
/** Narrower tiles show nothing a person can recognise: from here on the stage scrolls. */
export const MIN_TILE_WIDTH_PX = 112;

export interface GridRequest {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly gap: number;
}

export interface GridLayout {
  readonly columns: number;
  readonly rows: number;
  /** Whole pixels, so that rounding never pushes a tile into the next row. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** The rows are higher than the stage. */
  readonly scrolls: boolean;
}

const EMPTY: GridLayout = { columns: 0, rows: 0, tileWidth: 0, tileHeight: 0, scrolls: false };

/**
 * The layout with the largest tiles; of equal ones the one with the fewest columns. Tiles are 16:9, on a stage that is
 * higher than wide between 3:4 and 16:9.
 */
export function gridLayout(request: GridRequest): GridLayout {
  if (request.count < 1 || request.width < 1 || request.height < 1) return EMPTY;
  let best = EMPTY;
  for (let columns = 1; columns <= request.count; columns++) {
    const candidate = arrange(columns, request);
    if (area(candidate) > area(best)) best = candidate;
  }
  return best.tileWidth >= MIN_TILE_WIDTH_PX || request.count === 1 ? best : scrolling(request);
}

/** Share of the stage that the tiles beside an enlarged one take, and bounds of their height. */
const STRIP_SHARE = 0.18;
const MIN_STRIP_HEIGHT_PX = 63;
const MAX_STRIP_HEIGHT_PX = 120;

export interface TileSize {
  readonly width: number;
  readonly height: number;
}

/** One tile enlarged over a strip of small ones; the strip's tiles shrink to stay in one row while they can be recognised. */
export function enlargedLayout({ count, width, height, gap }: GridRequest): {
  readonly large: TileSize;
  readonly small: TileSize;
  /** The small ones do not fit into one row. */
  readonly scrolls: boolean;
} {
  const others = count - 1;
  const room = others > 0 ? (width - gap * (others - 1)) / others : width;
  const stripHeight = Math.min(MAX_STRIP_HEIGHT_PX, Math.max(MIN_STRIP_HEIGHT_PX, height * STRIP_SHARE));
  const smallWidth = Math.floor(Math.max(MIN_TILE_WIDTH_PX, Math.min(stripHeight * WIDE, room)));
  const small = { width: smallWidth, height: Math.floor(smallWidth / WIDE) };
  const left = others > 0 ? Math.max(0, height - gap - small.height) : height;
  const large = gridLayout({ count: 1, width, height: left, gap });
  return {
    large: { width: large.tileWidth, height: large.tileHeight },
    small,
    scrolls: others * (smallWidth + gap) - gap > width,
  };
}

function arrange(columns: number, { count, width, height, gap }: GridRequest): GridLayout {
  const rows = Math.ceil(count / columns);
  const maxWidth = (width - gap * (columns - 1)) / columns;
  const maxHeight = (height - gap * (rows - 1)) / rows;
  const narrowest = height > width ? UPRIGHT : WIDE;
  const tileWidth = Math.floor(Math.min(maxWidth, maxHeight * WIDE));
  const tileHeight = Math.floor(Math.min(maxHeight, tileWidth / narrowest));
  return {
    columns,
    rows,
    tileWidth: Math.max(0, tileWidth),
    tileHeight: Math.max(0, tileHeight),
    scrolls: false,
  };
}

function scrolling({ count, width, gap }: GridRequest): GridLayout {
  const columns = Math.max(1, Math.min(count, Math.floor((width + gap) / (MIN_TILE_WIDTH_PX + gap))));
  const tileWidth = Math.floor((width - gap * (columns - 1)) / columns);
  return {
    columns,
    rows: Math.ceil(count / columns),
    tileWidth,
    tileHeight: Math.floor(tileWidth / WIDE),
    scrolls: true,
  };
}

function area({ tileWidth, tileHeight }: GridLayout): number {
  return tileWidth * tileHeight;
}
