/** What it costs, by the prices of the configuration; where there are none, why there is no number. */
import { amount } from '../format.ts';
import type { Cost } from '../shapes.ts';

export function Money({ cost }: { cost: Cost }) {
  const { parts, soFar, atCompletion, reason, currency, budget, readChunks, provenChunks } = cost;
  const shown = parts.filter((part) => part.soFar !== null || part.atCompletion !== null);
  if (shown.length === 0) return <p class="empty">{reason ?? 'Nothing was counted yet.'}</p>;
  return (
    <>
      <table class="money">
        <thead>
          <tr>
            <th scope="col">{currency ?? 'amount'}</th>
            <th scope="col" class="right">
              so far
            </th>
            <th scope="col" class="right">
              at completion
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((each) => (
            <tr key={each.part}>
              <th scope="row">{each.part}</th>
              <td class="right number">{amount(each.soFar)}</td>
              <td class="right number">{amount(each.atCompletion)}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">
              <b>all</b>
            </th>
            <td class="right number">
              <b>{amount(soFar)}</b>
            </td>
            <td class="right number">
              <b>{amount(atCompletion)}</b>
            </td>
          </tr>
        </tbody>
      </table>
      {budget === null ? null : (
        <p class={budget.verdict === 'ok' ? 'good' : budget.verdict === 'warn' ? 'warn' : 'bad'}>
          Budget: {budget.reason}
        </p>
      )}
      <p class="quiet small">
        {reason === null ? '' : `${reason}. `}
        {readChunks < provenChunks ? `By the receipts of ${readChunks} of ${provenChunks} proven chunks.` : ''}
      </p>
    </>
  );
}
