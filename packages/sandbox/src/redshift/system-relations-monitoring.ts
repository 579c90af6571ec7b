import { OWN_SCHEMA } from './catalogue.ts';
import { quoteLiteral } from './quote.ts';
import { relation, type SystemRelation } from './system-relation.ts';

export const TABLE_INFO_TEMP = 'temp.main.__table_info';
export const QUERY_HISTORY_TEMP = 'temp.main.__query_history';
const TRANSACTIONS_TEMP = 'temp.main.__transactions';

export function monitoringRelations(database: string): SystemRelation[] {
  const db = quoteLiteral(database);
  const micros = (name: string): string => `make_timestamp(q.${name})`;
  return [
    relation(
      'svv_table_info',
      `database text = ${db}
       schema text = r.schema_name
       table_id bigint = r.oid
       table text = r.name
       encoded text = 'Y'
       diststyle text = CASE r.dist_style WHEN 'KEY' THEN 'KEY(' || (SELECT a.name FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid AND a.is_dist_key) || ')' WHEN 'AUTO' THEN 'AUTO(EVEN)' ELSE r.dist_style END
       sortkey1 text = CASE WHEN r.sort_style = 'interleaved' THEN 'INTERLEAVED' WHEN r.sort_style = 'auto' THEN 'AUTO(SORTKEY)' ELSE (SELECT a.name FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid AND a.sort_key_ordinal = 1) END
       max_varchar int = coalesce((SELECT max(a.type_modifier - 4) FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid AND a.type_oid = 1043), 0)
       sortkey1_enc text = (SELECT a.encoding FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid AND abs(a.sort_key_ordinal) = 1)
       sortkey_num int = (SELECT count(*) FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid AND a.sort_key_ordinal <> 0)
       size bigint = t.size_mb
       pct_used num = 0.01
       empty bigint = 0
       unsorted num = CASE WHEN r.sort_style = 'none' THEN NULL ELSE 0 END
       stats_off num = 0
       tbl_rows num = t.row_count
       skew_sortkey1 num = NULL
       skew_rows num = NULL
       estimated_visible_rows num = t.row_count
       risk_event text = NULL
       vacuum_sort_benefit num = NULL
       create_time ts = r.created_at`,
      `${OWN_SCHEMA}.relations r JOIN ${TABLE_INFO_TEMP} t ON t.oid = r.oid`,
      { fill: 'table-info' },
    ),
    relation(
      'sys_query_history',
      `user_id int = q."userId"
       query_id bigint = q."queryId"
       query_label text = q."queryLabel"
       transaction_id bigint = q."transactionId"
       session_id int = q."sessionId"
       database_name text = q."databaseName"
       query_type text = q."queryType"
       status text = q."status"
       result_cache_hit bool = false
       start_time ts = ${micros('"startMicros"')}
       end_time ts = ${micros('"endMicros"')}
       elapsed_time bigint = q."elapsedMicros"
       queue_time bigint = q."queueMicros"
       execution_time bigint = q."executionMicros"
       error_message text = q."errorMessage"
       returned_rows bigint = q."returnedRows"
       returned_bytes bigint = q."returnedBytes"
       query_text long = q."queryText"
       redshift_version text = '1.0.0'
       compute_type text = 'primary'
       compile_time bigint = 0
       planning_time bigint = 0
       lock_wait_time bigint = 0
       service_class_id int = 100
       service_class_name text = 'Default queue'
       query_priority text = 'Normal'
       short_query_accelerated text = 'false'`,
      `${QUERY_HISTORY_TEMP} q`,
      { fill: 'query-history' },
    ),
    relation(
      'sys_unload_history',
      `user_id int = q."userId"
       query_id bigint = q."queryId"
       transaction_id bigint = q."transactionId"
       session_id int = q."sessionId"
       database_name text = q."databaseName"
       status text = CASE q."status" WHEN 'success' THEN 'completed' WHEN 'running' THEN 'running' ELSE 'aborted' END
       start_time ts = ${micros('"startMicros"')}
       end_time ts = ${micros('"endMicros"')}
       duration bigint = q."elapsedMicros"
       file_format text = q."unload"."format"
       compression_type text = 'snappy'
       unloaded_location long = q."unload"."location"
       unloaded_rows bigint = q."unload"."rowCount"
       unloaded_files_count bigint = len(q."unload"."files")
       unloaded_files_size bigint = coalesce(list_sum(list_transform(q."unload"."files", lambda f: f."sizeBytes")), 0)
       error_message text = q."errorMessage"`,
      `(SELECT * FROM ${QUERY_HISTORY_TEMP} WHERE "unload" IS NOT NULL) q`,
      { fill: 'query-history' },
    ),
    relation(
      'sys_unload_detail',
      `user_id int = q."userId"
       query_id bigint = q."queryId"
       session_id int = q."sessionId"
       transaction_id bigint = q."transactionId"
       file_name long = q.file."url"
       start_time ts = ${micros('"startMicros"')}
       end_time ts = ${micros('"endMicros"')}
       line_count bigint = q.file."rowCount"
       transfer_size bigint = q.file."sizeBytes"
       file_format text = q."unload"."format"`,
      `(SELECT *, unnest("unload"."files") AS file FROM ${QUERY_HISTORY_TEMP} WHERE "unload" IS NOT NULL) q`,
      { fill: 'query-history' },
    ),
    relation(
      'sys_query_detail',
      `user_id int = q."userId"
       query_id bigint = q."queryId"
       child_query_sequence int = 1
       stream_id int = 0
       segment_id int = 0
       step_id int = 0
       step_name text = q.step."name"
       table_id int = q.step."tableId"
       table_name text = q.step."tableName"
       start_time ts = ${micros('"startMicros"')}
       end_time ts = ${micros('"endMicros"')}
       duration bigint = q."elapsedMicros"
       input_rows bigint = q.step."rowCount"
       output_rows bigint = q.step."rowCount"
       metrics_level text = 'step'`,
      `(SELECT *, unnest("steps") AS step FROM ${QUERY_HISTORY_TEMP} WHERE len("steps") > 0) q`,
      { fill: 'query-history' },
    ),
    relation(
      'sys_transaction_history',
      `user_id int = 100
       transaction_id bigint = x."transactionId"
       isolation_level text = 'Snapshot Isolation'
       status text = x."status"
       transaction_start_time ts = make_timestamp(x."startMicros")
       commit_start_time ts = make_timestamp(x."commitStartMicros")
       commit_end_time ts = CASE WHEN x."status" = 'committed' THEN make_timestamp(x."endMicros") END
       blocks_committed bigint = CASE WHEN x."status" = 'committed' THEN 1 ELSE 0 END
       undo_transaction_id bigint = -1`,
      `(SELECT * FROM ${TRANSACTIONS_TEMP} WHERE "isHeard") x`,
      { fill: 'transactions' },
    ),
    relation(
      'svv_transactions',
      `txn_owner text = x."userName"
       txn_db text = ${db}
       xid bigint = x."transactionId"
       pid int = x."sessionId"
       txn_start ts = make_timestamp(x."startMicros")
       lock_mode text = 'ShareRowExclusiveLock'
       lockable_object_type text = 'relation'
       relation int = x.locked
       granted bool = true`,
      `(SELECT *, unnest("tableIds") AS locked FROM ${TRANSACTIONS_TEMP} WHERE "status" = 'open') x`,
      { fill: 'transactions' },
    ),
    relation(
      'stv_node_storage_capacity',
      `node int = n.node
       used int = n.used
       capacity int = n.capacity`,
      'temp.main.__node_storage n',
      { fill: 'node-storage' },
    ),
    relation(
      'stv_slices',
      `node int = s.node
       slice int = s.slice
       localslice int = s.local
       type text = 'D'`,
      'temp.main.__slices s',
      { fill: 'slices' },
    ),
    relation(
      'svv_user_info',
      `user_name text = u.name
       user_id int = 100
       createdb bool = u.is_super
       superuser bool = u.is_super
       catalog_update bool = false
       connection_limit text = 'UNLIMITED'
       syslog_access text = u.syslog
       last_ddl_timestamp ts = NULL
       session_timeout int = 0
       external_id text = NULL`,
      'temp.main.__users u',
      { fill: 'users' },
    ),
  ];
}
