import { useState } from 'preact/hooks';
import { loggedOutBecause, logIn } from '../api.ts';

export function LogIn() {
  const [given, setGiven] = useState('');
  const because = loggedOutBecause.value;
  return (
    <main class="log-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (given.trim() !== '') logIn(given.trim());
        }}
      >
        <h1>
          <span class="mark" aria-hidden="true" /> lakehaul
        </h1>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          autofocus
          spellcheck={false}
          value={given}
          aria-describedby="token-note"
          onInput={(event) => setGiven(event.currentTarget.value)}
        />
        <p id="token-note" class="quiet">
          A bearer token of this control service. It stays in this tab and is gone with it.
        </p>
        <button type="submit" class="main">
          Log in
        </button>
        <p role="alert" class="problem">
          {because}
        </p>
      </form>
    </main>
  );
}
