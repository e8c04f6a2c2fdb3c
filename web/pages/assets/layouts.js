/**
 * Where pictures go: pure arithmetic, without a page. Rectangles are in CSS pixels of the stage.
 * @module layouts
 */

/** Between two pictures. */
export const GAP_PX = 10;
/** From this width on there is room for large pages and a strip at the side. */
const WIDE_PX = 720;
/** Pictures on one page of the grid, at most. */
const PAGE = { wide: 16, narrow: 6 };
/** A page has fewer pictures rather than smaller ones than this. */
const SMALLEST_PX = 120;
/** Width over height of a picture; upright screens allow upright pictures. */
const WIDEST = 16 / 9;
const TALLEST = { landscape: 1.2, portrait: 0.75 };
/** Room for the buttons that turn pages. */
export const PAGER_PX = 44;

/** Half the width of these buttons. */
const PAGER_HALF_PX = 72;

/** @typedef {{x: number, y: number, width: number, height: number}} Rectangle */

/**
 * The largest pictures of one size that fit.
 *
 * @param {number} count at least 1
 * @param {number} width
 * @param {number} height
 * @returns {Rectangle[]} row by row; an incomplete last row stands in the middle
 */
export function grid(count, width, height) {
  const tallest = width >= height ? TALLEST.landscape : TALLEST.portrait;
  let best = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const cell = { width: (width - GAP_PX * (columns - 1)) / columns, height: (height - GAP_PX * (rows - 1)) / rows };
    if (cell.width <= 0 || cell.height <= 0) continue;
    const size = {
      columns,
      width: Math.min(cell.width, cell.height * WIDEST),
      height: Math.min(cell.height, cell.width / tallest),
    };
    // Equal areas: fewer empty places.
    if (size.width * size.height > best.width * best.height * 1.001) best = size;
  }
  const rows = Math.ceil(count / best.columns);
  const top = (height - rows * best.height - (rows - 1) * GAP_PX) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / best.columns);
    const inRow = Math.min(best.columns, count - row * best.columns);
    const left = (width - inRow * best.width - (inRow - 1) * GAP_PX) / 2;
    return {
      x: left + (index % best.columns) * (best.width + GAP_PX),
      y: top + row * (best.height + GAP_PX),
      width: best.width,
      height: best.height,
    };
  });
}

/**
 * How many pictures a page of the grid has.
 * @param {number} width
 * @param {number} height
 * @returns {number} at least 1
 */
export function gridPage(width, height) {
  let size = width >= WIDE_PX ? PAGE.wide : PAGE.narrow;
  while (size > 1 && grid(size, width, height)[0].width < SMALLEST_PX) size -= 1;
  return size;
}

/**
 * One large picture and a strip of small ones: at the right, below on narrow or upright screens.
 *
 * @param {object} options
 * @param {number} options.width
 * @param {number} options.height
 * @param {number} options.count of small pictures there are
 * @param {{width: number, height: number}|null} [options.reserved] what stands in the strip's last corner already
 * @returns {{main: Rectangle, tiles: Rectangle[], page: number, pager: {x: number, y: number}|null}} `page` pictures of
 *   the strip fit at once; `pager` is the middle of the buttons that show the rest
 */
export function strip({ width, height, count, reserved = null }) {
  if (count === 0) return { main: { x: 0, y: 0, width, height }, tiles: [], page: 1, pager: null };
  return width >= WIDE_PX && width > height ? atSide(width, height, count, reserved) : below(width, height, count, reserved);
}

function atSide(width, height, count, reserved) {
  const size = { width: clamp(width * 0.18, 150, 230), height: 0 };
  size.height = size.width / WIDEST;
  const left = width - size.width;
  const length = height - (reserved ? reserved.height + GAP_PX : 0);
  const { page, paged } = fit(count, length, size.height, PAGER_PX);
  const used = Math.min(count, page) * (size.height + GAP_PX) - GAP_PX;
  const tiles = Array.from({ length: Math.min(count, page) }, (_, index) => ({ x: left, y: index * (size.height + GAP_PX), ...size }));
  return {
    main: { x: 0, y: 0, width: left - GAP_PX, height },
    tiles,
    page,
    pager: paged ? { x: left + size.width / 2, y: used + GAP_PX + PAGER_PX / 2 } : null,
  };
}

function below(width, height, count, reserved) {
  const size = { width: clamp(width * 0.3, 90, 180), height: 0 };
  size.height = Math.min(size.width / (4 / 3), height * 0.28);
  const top = height - size.height;
  const length = width - (reserved ? reserved.width + GAP_PX : 0);
  const { page, paged } = fit(count, length, size.width, 0);
  const tiles = Array.from({ length: Math.min(count, page) }, (_, index) => ({ x: index * (size.width + GAP_PX), y: top, ...size }));
  return {
    main: { x: 0, y: 0, width, height: top - GAP_PX },
    tiles,
    page,
    // Over the large picture, opposite its name: a strip of three has no room to spare.
    pager: paged ? { x: width - PAGER_HALF_PX, y: top - GAP_PX - PAGER_PX / 2 } : null,
  };
}

/** How many of one length fit in a row, with room for the pager when not all do. */
function fit(count, length, each, pager) {
  const all = Math.floor((length + GAP_PX) / (each + GAP_PX));
  if (count <= all) return { page: Math.max(1, all), paged: false };
  return { page: Math.max(1, Math.floor((length - pager) / (each + GAP_PX))), paged: true };
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
