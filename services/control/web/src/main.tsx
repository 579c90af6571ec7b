import { render } from 'preact';
import { logIn } from './api.ts';
import { App } from './app.tsx';
import './style/frame.css';
import './style/parts.css';
import './style/overview.css';
import './style/pages.css';
import './style/trail.css';
import './style/map.css';
import './style/evidence.css';

// A link that a command on this machine printed: behind `#`, so that no server is ever sent it; and gone from the address.
// It may come to a page that is open already: then nothing is loaded, only the address changes.
function takeToken(): void {
  const [, given] = /^#token=([0-9a-f]{32,64})$/.exec(location.hash) ?? [];
  if (given === undefined) return;
  history.replaceState(null, '', '#/');
  window.dispatchEvent(new HashChangeEvent('hashchange'));
  logIn(given);
}
takeToken();
window.addEventListener('hashchange', takeToken);

const root = document.getElementById('console');
if (root !== null) render(<App />, root);
