/** The judge of every end state, as the drills use it too. It imports nothing of this project (test/architecture). */
export {
  type ActiveTable,
  type BucketFiles,
  type CompareRequest,
  type Comparison,
  compareTables,
  openCopy,
  readActiveTable,
} from '../../packages/sandbox/src/oracle.ts';
