// Shape of the one DynamoDB table: what infra creates on AWS and functions create locally. Attribute names only;
// what items mean is in functions/dynamo.

export const TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Epoch seconds after which DynamoDB may delete an item; readers filter on it as well. */
  timeToLive: 'expires_at',
  /** Sparse index: items of one kind, in order. Only items with both keys are in it. */
  index: { name: 'by-kind', partitionKey: 'kind_pk', sortKey: 'kind_sk' },
  /** Sparse index: keys of items that are to be looked at, in order of when. */
  dueIndex: { name: 'by-due', partitionKey: 'due_pk', sortKey: 'due_sk' },
} as const;
