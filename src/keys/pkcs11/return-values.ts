/**
 * The meanings of return values (CKR) from PKCS #11 modules. The meaning determines whether a failed request is repeated, kept
 * waiting or refused.
 */

/**
 * Meaning of a return value:
 * - `connection`: the session, the login or the token was lost. Every request fails until a new session is opened.
 * - `key`: the token has the key but does not sign with it. Requests with other keys are not affected.
 * - `request`: another session would refuse the same request again.
 * - `uncertain`: the cause can be the session or the request. Only a second attempt in a new session shows whether the session
 *   was the cause.
 */
export type ReturnValueMeaning = 'connection' | 'key' | 'request' | 'uncertain'

const connectionValues: readonly number[] = [
  0x03, // CKR_SLOT_ID_INVALID
  0x32, // CKR_DEVICE_REMOVED
  0xb0, // CKR_SESSION_CLOSED
  0xb1, // CKR_SESSION_COUNT
  0xb3, // CKR_SESSION_HANDLE_INVALID
  0xe0, // CKR_TOKEN_NOT_PRESENT
  0xe1, // CKR_TOKEN_NOT_RECOGNIZED
  0x190, // CKR_CRYPTOKI_NOT_INITIALIZED
]

const keyValues: readonly number[] = [
  0x1b, // CKR_ACTION_PROHIBITED
  0x62, // CKR_KEY_SIZE_RANGE
  0x63, // CKR_KEY_TYPE_INCONSISTENT
  0x65, // CKR_KEY_CHANGED
  0x68, // CKR_KEY_FUNCTION_NOT_PERMITTED
  0x200, // CKR_FUNCTION_REJECTED
  0x203, // CKR_KEY_EXHAUSTED
]

const requestValues: readonly number[] = [
  0x07, // CKR_ARGUMENTS_BAD
  0x10, // CKR_ATTRIBUTE_READ_ONLY
  0x11, // CKR_ATTRIBUTE_SENSITIVE
  0x12, // CKR_ATTRIBUTE_TYPE_INVALID
  0x13, // CKR_ATTRIBUTE_VALUE_INVALID
  0x20, // CKR_DATA_INVALID
  0x21, // CKR_DATA_LEN_RANGE
  0x54, // CKR_FUNCTION_NOT_SUPPORTED
  0x70, // CKR_MECHANISM_INVALID
  0x71, // CKR_MECHANISM_PARAM_INVALID
  0xb5, // CKR_SESSION_READ_ONLY
  0xd0, // CKR_TEMPLATE_INCOMPLETE
  0xd1, // CKR_TEMPLATE_INCONSISTENT
  0xe2, // CKR_TOKEN_WRITE_PROTECTED
  0x130, // CKR_DOMAIN_PARAMS_INVALID
  0x140, // CKR_CURVE_NOT_SUPPORTED
]

const meanings = new Map<number, ReturnValueMeaning>([
  ...connectionValues.map((value) => [value, 'connection'] as const),
  ...keyValues.map((value) => [value, 'key'] as const),
  ...requestValues.map((value) => [value, 'request'] as const),
])

/**
 * Returns the meaning of a return value other than CKR_OK. Vendor-defined values and values that are not in the table are
 * uncertain. The following values are also uncertain:
 * - CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED, CKR_DEVICE_ERROR and memory errors, which modules also return if a single key is
 * damaged.
 * - CKR_KEY_HANDLE_INVALID and CKR_OBJECT_HANDLE_INVALID: the handle is outdated, or the key was destroyed.
 * - CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED and CKR_BUFFER_TOO_SMALL: a new session has no active operation.
 * - CKR_USER_NOT_LOGGED_IN: the login is lost, or the key has CKA_ALWAYS_AUTHENTICATE.
 */
export function meaningOf(returnValue: number): ReturnValueMeaning {
  return meanings.get(returnValue) ?? 'uncertain'
}

/** Return values that indicate that the token cannot generate a kind of key. */
const unsupportedValues: ReadonlySet<number> = new Set([
  0x62, // CKR_KEY_SIZE_RANGE
  0x70, // CKR_MECHANISM_INVALID
  0x130, // CKR_DOMAIN_PARAMS_INVALID
  0x140, // CKR_CURVE_NOT_SUPPORTED
  0x209, // CKR_PARAMETER_SET_NOT_SUPPORTED
])

/** Returns whether a return value from key generation means that the token does not support the kind of key. */
export function isUnsupported(returnValue: number): boolean {
  return unsupportedValues.has(returnValue)
}

/** Returns the CKR value in the error from a failed module call, or undefined for any other error. */
export function returnValueOf(error: unknown): number | undefined {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
  return name === 'Pkcs11Error' && typeof code === 'number' ? code : undefined
}
