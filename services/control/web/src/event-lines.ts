/** Server-sent events out of chunks of text (WHATWG HTML, section 9.2.6), as far as this API sends them. */
export interface ServerEvent {
  event: string;
  id: string;
  data: string;
}

/** Feed it text as it comes; it gives the events that are whole. Comments are none, but whoever feeds it has heard them. */
export function eventReader(): (text: string) => ServerEvent[] {
  let rest = '';
  return (text) => {
    rest += text;
    const parts = rest.split(/\r\n\r\n|\n\n|\r\r/);
    rest = parts.pop() ?? '';
    return parts.map(parsed).filter((event) => event.data !== '');
  };
}

function parsed(block: string): ServerEvent {
  const event = { event: 'message', id: '', data: '' };
  for (const line of block.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') event.event = value;
    else if (name === 'id') event.id = value;
    else if (name === 'data') event.data += event.data === '' ? value : `\n${value}`;
  }
  return event;
}
