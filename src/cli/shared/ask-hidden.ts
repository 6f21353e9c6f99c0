import { ConfigurationError } from '../../errors.ts'

/**
 * Prompts on standard error, and reads a secret from the terminal without displaying it. Throws ConfigurationError if there
 * is no terminal, or if the user aborts with Ctrl-C or Ctrl-D.
 */
export async function askHidden(question: string, instead = '--passphrase-file'): Promise<string> {
  const { stdin, stderr } = process
  if (!stdin.isTTY)
    throw new ConfigurationError(
      `cannot prompt for the secret without a terminal; specify ${instead}`,
    )
  stderr.write(question)
  // In raw mode, the terminal does not display input, and passes Ctrl-C on as a character.
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  try {
    return await readLine(stdin)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

function readLine(stdin: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer: string[] = []
    const end = (): void => {
      stdin.off('data', take)
      stdin.off('end', abort)
    }
    const abort = (): void => {
      end()
      reject(new ConfigurationError('no passphrase was entered'))
    }
    const take = (text: string): void => {
      for (const character of text) {
        if (character === '\r' || character === '\n') {
          end()
          resolve(answer.join(''))
          return
        }
        if (character === '\u0003' || character === '\u0004') {
          abort()
          return
        }
        if (character === '\u007F' || character === '\b') answer = answer.slice(0, -1)
        else if (character >= ' ') answer.push(character)
      }
    }
    stdin.on('data', take)
    stdin.on('end', abort)
    stdin.resume()
  })
}
