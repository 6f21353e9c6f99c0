/** Waits until the certificate search has indexed all issued certificates. */
import { eventually } from './revocation.ts'
import type { TestService } from './service.ts'

export async function searchable(service: TestService): Promise<void> {
  await eventually(async () => {
    await service.runJob('index-certificates')
    const [row] = await service.inDatabase(
      `select (select max(certificate_number) from certificates) as last, certificate_number as found
        from search_progress`,
    )
    return row !== undefined && Number(row['found']) >= Number(row['last']) ? true : undefined
  }, 'search')
}
