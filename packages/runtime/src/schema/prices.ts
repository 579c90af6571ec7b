/** The section `prices` of lakehaul.yaml. There are no defaults: a price that nobody looked up is no price. */
import { z } from 'zod';
import { form, whole } from './fields.ts';

/** As text: a YAML number would be a float. */
const amount = () => form(/^\d{1,9}(\.\d{1,6})?$/, "an amount in quotes such as '0.36', with at most six decimals");

export const prices = z
  .strictObject({
    currency: form(/^[A-Z]{3}$/, 'a currency such as USD')
      .exactOptional()
      .describe('Of all amounts. Without it nothing is priced.'),
    redshift: z
      .strictObject({
        unitHour: amount().describe('Price of an RPU-hour (serverless) or of a node-hour (provisioned).'),
        units: whole(1, 100_000).describe('RPUs of the workgroup, or nodes of the cluster.'),
        sharePercent: whole(1, 100)
          .default(100)
          .describe('Share that is the haul’s while its UNLOADs run; 100 is as if it served nobody else.'),
      })
      .exactOptional()
      .describe('The source, for the time in which an UNLOAD of ours runs.'),
    s3: z
      .strictObject({
        putThousand: amount().describe('A thousand PUT, COPY, POST or LIST requests.'),
        getThousand: amount().describe('A thousand GET requests.'),
        gibMonth: amount().describe('A GiB stored for a month.'),
      })
      .exactOptional()
      .describe('Requests for and storage of staged files and receipts.'),
    databricks: z
      .strictObject({
        dbu: amount().describe('Price of a DBU of the kind of warehouse.'),
        dbusPerHour: amount().describe('DBUs an hour of its size, times its clusters.'),
      })
      .exactOptional()
      .describe('The target, for the time in which a load or a proof of ours runs or waits to.'),
    cap: amount().exactOptional().describe('What may be spent in all. From it on no UNLOAD starts.'),
    warnPercent: whole(1, 100).default(80).describe('Share of the cap from which on fewer UNLOADs run at once.'),
  })
  .describe('What things cost, for the cost in status, the API and the metrics; nothing is priced without.');

export type PricesSection = z.output<typeof prices>;
