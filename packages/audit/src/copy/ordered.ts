/** Bounded parallel work over a stream, results in the stream's order; memory is the window. */
export async function* mapOrdered<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, void> {
  const running: Promise<R>[] = [];
  for await (const item of items) {
    const result = work(item);
    // Awaited in its turn; a failure must not be an unhandled one before that.
    result.catch(() => undefined);
    running.push(result);
    if (running.length >= width) yield await (running.shift() as Promise<R>);
  }
  for (const result of running) yield await result;
}
