/** Metric series and the alerts that they cause. */

export interface AlertCase {
  /** Values by series, in promtool's notation: one value per minute from 0:00 to 1:40. */
  readonly series: Readonly<Record<string, string>>
  /** Labels of the alerts that fire after 90 minutes, without the severity. No other alerts fire. */
  readonly fires: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const on = 'instance="a",job="signet"'
const authority = `${on},authority="x"`
const info = `signet_authority_info{${authority},name="Example Issuing CA",type="SUBORDINATE",status="ACTIVE"}`
const request = (result: string): string =>
  `signet_requests_total{${on},operation="IssueCertificate",result="${result}"}`
const instance = { instance: 'a' }
const server = { instance: 'a', job: 'signet' }
const ca = { authority: 'x', name: 'Example Issuing CA' }
/** The time of evaluation, 90 minutes. */
const now = 90 * 60
const day = 86_400

/** A healthy server whose CRL is valid for another `left` seconds of its seven days. */
function crl(left: number): AlertCase['series'] {
  return {
    [info]: '1x100',
    [`signet_crl_next_update_timestamp_seconds{${authority}}`]: `${now + left}x100`,
    [`signet_crl_age_seconds{${authority}}`]: `${7 * day - left - now}+60x100`,
  }
}

export const alertCases: readonly AlertCase[] = [
  {
    series: {
      ...crl(3.4 * day),
      [`up{${on}}`]: '1x100',
      [`signet_healthy{${on}}`]: '1x100',
      [`signet_database_up{${on}}`]: '1x100',
      [request('success')]: '0+600x100',
      [request('InternalFailure')]: '0+1x100',
      [request('AccessDeniedException')]: '0+30x100',
      [`signet_authentication_failures_total{${on},reason="wrong-signature"}`]: '0+30x100',
      [`signet_authority_expiry_days{${authority}}`]: '400x100',
      [`signet_backup_age_seconds{${on}}`]: '3600x100',
      [`signet_disk_free_bytes{${on}}`]: '20x100',
      [`signet_disk_size_bytes{${on}}`]: '100x100',
      [`signet_workers{${on}}`]: '2x100',
      [`signet_workers_configured{${on}}`]: '2x100',
      [`signet_workers_replaced_total{${on}}`]: '3x100',
      [`signet_uncaught_errors_total{${on}}`]: '1x100',
      [`signet_crl_size_bytes{${authority}}`]: '900000x100',
      [`signet_job_queue_depth{${on},exported_job="publish-crls"}`]: '50x100',
      [`signet_certificates_waiting_age_seconds{${authority}}`]: '60x100',
    },
    fires: {},
  },
  {
    series: {
      ...crl(0.1 * day),
      [`up{${on}}`]: '0x100',
      [`signet_healthy{${on}}`]: '0x100',
      [`signet_database_up{${on}}`]: '0x100',
      [`signet_database_probe_seconds{${on}}`]: '2x100',
      [request('success')]: '0+60x100',
      [request('InternalFailure')]: '0+6x100',
      [request('AccessDeniedException')]: '0+120x100',
      [`signet_authentication_failures_total{${on},reason="wrong-signature"}`]: '0+120x100',
      [`signet_authority_expiry_days{${authority}}`]: '0x100',
      [`signet_backup_age_seconds{${on}}`]: '200000x100',
      [`signet_disk_free_bytes{${on}}`]: '2x100',
      [`signet_disk_size_bytes{${on}}`]: '100x100',
      [`signet_workers{${on}}`]: '1x100',
      [`signet_workers_configured{${on}}`]: '2x100',
      [`signet_workers_replaced_total{${on}}`]: '0+1x100',
      [`process_open_fds{${on}}`]: '900x100',
      [`process_max_fds{${on}}`]: '1000x100',
      [`signet_uncaught_errors_total{${on}}`]: '0+1x100',
      [`signet_log_lines_dropped_total{${on}}`]: '0+1x100',
      [`signet_misconfigured_crl_bucket_total{${on}}`]: '0+1x100',
      [`signet_crl_size_bytes{${authority}}`]: '2000000x100',
      [`signet_public_url_unreachable{${on},url="http://127.0.0.1:8081"}`]: '1x100',
      [`signet_job_queue_depth{${on},exported_job="publish-crls"}`]: '500x100',
      [`signet_certificates_waiting_age_seconds{${authority}}`]: '900x100',
    },
    fires: {
      SignetDown: server,
      SignetUnhealthy: instance,
      SignetErrors: instance,
      SignetAuthenticationFailures: instance,
      SignetAccessDenied: instance,
      SignetDatabaseDown: instance,
      SignetDatabaseSlow: instance,
      SignetDiskLow: instance,
      SignetDiskFull: instance,
      SignetWorkersMissing: instance,
      SignetWorkersReplaced: instance,
      SignetFileDescriptors: instance,
      SignetUncaughtErrors: instance,
      SignetLogIncomplete: instance,
      SignetBackupOld: { job: 'signet' },
      SignetCrlNotRenewed: ca,
      SignetCrlExpires: ca,
      SignetCrlBucketRefuses: server,
      SignetCrlLarge: ca,
      SignetPublicUrlUnreachable: { url: 'http://127.0.0.1:8081' },
      SignetJobsWait: { exported_job: 'publish-crls' },
      SignetCertificatesWait: ca,
      SignetAuthorityExpires: ca,
      SignetAuthorityExpired: ca,
    },
  },
  {
    series: { ...crl(2.5 * day), [`signet_authority_expiry_days{${authority}}`]: '20x100' },
    fires: { SignetCrlNotRenewed: ca, SignetAuthorityExpires: ca },
  },
]
