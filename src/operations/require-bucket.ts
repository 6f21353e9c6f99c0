import { ServiceError } from '../errors.ts'
import type { RevocationConfiguration } from '../authority/revocation-configuration.ts'
import type { ObjectAcl } from '../objects/object-store.ts'
import type { Services } from '../services.ts'

/** AWS's own names: whoever looks into the bucket has seen them before. */
const testKeys: readonly { readonly key: string; readonly acl: ObjectAcl | undefined }[] = [
  { key: 'acm-pca-permission-test-key', acl: undefined },
  { key: 'acm-pca-permission-test-key-private', acl: 'BUCKET_OWNER_FULL_CONTROL' },
]

/** A caller waits for this; a store that does not answer is a bucket that cannot be written. */
const patienceMilliseconds = 20_000

/**
 * Writes the permission test objects, if CRLs are on. Throws ValidationException in AWS's words when the bucket is not
 * there, refuses, or does not answer.
 */
export async function requireBucket(
  { objects, log }: Pick<Services, 'objects' | 'log'>,
  { CrlConfiguration }: RevocationConfiguration,
  accountId: string,
): Promise<void> {
  if (!CrlConfiguration.Enabled) return
  const { S3BucketName: bucket, S3ObjectAcl } = CrlConfiguration
  const signal = AbortSignal.timeout(patienceMilliseconds)
  try {
    await Promise.all(
      testKeys.map(({ key, acl = S3ObjectAcl }) =>
        objects.put({ bucket, key }, new Uint8Array(), {
          acl,
          contentType: 'application/octet-stream',
          accountId,
          signal,
        }),
      ),
    )
  } catch (error) {
    log.warn({ bucket, err: error }, 'the permission test objects cannot be written')
    throw new ServiceError(
      'ValidationException',
      `Permission error with your S3 bucket '${bucket}'. Check that your bucket policy, encryption settings, S3 Block ` +
        'Public Access settings, and global account permissions are configured correctly. For more information, ' +
        'check the service documentation.',
      { cause: error },
    )
  }
}
