/** Indexes, the same on both engines, of what is due and of what is leased: a job, a start and a look at queues read no more. */
export const dueSchema = `
  create index crls_changed on crls (due_at_ms) where changes > published_changes;
  create index crls_leased on crls (lease) where lease is not null;
  create index audit_reports_leased on audit_reports (lease) where lease is not null;
  create index events_leased on events (lease) where lease is not null;
  drop index events_due;
  create index events_due on events (retry_at_ms, failures, lease_until_ms);
  `
