import { ApiError } from './errors.ts'

/**
 * Sends a request to the server. Requests have no cookies: their only credentials are a signature or a token. Rejects with
 * ApiError if there is no response.
 */
export async function fetchFromServer(url: URL, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, {
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      ...options,
    })
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new ApiError({
      code: 'NetworkError',
      message: 'The server did not respond. Check that the server is running, and try again.',
    })
  }
}
