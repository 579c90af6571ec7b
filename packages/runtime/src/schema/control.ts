/** The section `control` of lakehaul.yaml. */
import { z } from 'zod';
import { durationMs, form, text, whole } from './fields.ts';

const roleNames = () => z.array(text()).default([]).describe('Values of the roles claim that give this role.');

export const control = z
  .strictObject({
    host: text().default('127.0.0.1').describe('Address that the API listens on; 0.0.0.0 in a container.'),
    port: whole(0, 65_535).default(8080).describe('Its port; 0 takes any free one.'),
    tokensFile: text()
      .exactOptional()
      .describe(
        'File with the digests of bearer tokens, who they belong to and their roles; see deploy/runbook/control.md.',
      ),
    oidc: z
      .strictObject({
        issuer: form(/^https:\/\/[^\s?#]+$/, 'an https URL').describe('Issuer of the tokens, as their iss claim says.'),
        audience: text().describe('What their aud claim must name.'),
        jwksUri: form(/^https:\/\/\S+$/, 'an https URL')
          .exactOptional()
          .describe('Where its keys are; without it, found by OpenID discovery.'),
        whoClaim: text().default('sub').describe('Claim that names the person in records.'),
        rolesClaim: text().default('roles').describe('Claim with the roles; a.b reads a nested one.'),
        roles: z
          .strictObject({
            viewer: roleNames(),
            operator: roleNames(),
            approver: roleNames(),
            reporter: roleNames(),
            examiner: roleNames(),
          })
          .prefault({
            viewer: ['viewer'],
            operator: ['operator'],
            approver: ['approver'],
            reporter: ['reporter'],
            examiner: ['examiner'],
          })
          .describe('Which values of that claim give which role here.'),
      })
      .exactOptional()
      .describe('Tokens of an identity provider.'),
    rateLimit: z
      .strictObject({
        perMinute: whole(1, 1_000_000).default(1_200).describe('Requests of one caller.'),
        unknownPerMinute: whole(1, 1_000_000).default(60).describe('Requests from one address without a known token.'),
        changesPerMinute: whole(1, 1_000_000).default(60).describe('Changes by one caller.'),
      })
      .prefault({})
      .describe('More than this is answered with 429.'),
    refreshEveryMs: durationMs()
      .prefault('2s')
      .describe('Pause between two looks at the ledger; each answer says how old it is.'),
    metricTables: whole(0, 20_000)
      .default(2_000)
      .describe('Tables that have metrics of their own at most, five series each; the first that were planned.'),
    eventConnections: whole(1, 10_000)
      .default(200)
      .describe('Listeners of /v1/events at once; one name has a quarter of them at most.'),
  })
  .describe('The control service: the API that people and machines steer by.');
