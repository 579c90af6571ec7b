/** What part of the map is seen: a zoom and a corner, kept within the map. Pure. */
export interface View {
  zoom: number;
  /** Of the map at zoom 1, in the upper left corner of the canvas. */
  x: number;
  y: number;
}

interface Sizes {
  /** Of the map at zoom 1. */
  width: number;
  height: number;
  /** Of the canvas. */
  seenWidth: number;
  seenHeight: number;
  mostZoom: number;
}

export const WHOLE: View = { zoom: 1, x: 0, y: 0 };

export function kept(view: View, { width, height, seenWidth, seenHeight, mostZoom }: Sizes): View {
  const zoom = Math.min(Math.max(view.zoom, 1), Math.max(1, mostZoom));
  const within = (value: number, size: number, seen: number) => Math.max(0, Math.min(value, size - seen / zoom));
  return { zoom, x: within(view.x, width, seenWidth), y: within(view.y, height, seenHeight) };
}

/** The point under the pointer stays under it. */
export function zoomed(view: View, factor: number, at: { x: number; y: number }, sizes: Sizes): View {
  const zoom = Math.min(Math.max(view.zoom * factor, 1), Math.max(1, sizes.mostZoom));
  return kept({ zoom, x: view.x + at.x / view.zoom - at.x / zoom, y: view.y + at.y / view.zoom - at.y / zoom }, sizes);
}

/** Moves as little as needed until the square at `x`, `y` is seen. */
export function showing(view: View, square: { x: number; y: number; size: number }, sizes: Sizes): View {
  const along = (from: number, at: number, seen: number) =>
    at < from ? at : at + square.size > from + seen / view.zoom ? at + square.size - seen / view.zoom : from;
  return kept(
    { ...view, x: along(view.x, square.x, sizes.seenWidth), y: along(view.y, square.y, sizes.seenHeight) },
    sizes,
  );
}
