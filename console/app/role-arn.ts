/** Functions for the ARNs of principals and roles. */

/** Returns the part of an ARN after the account ID, such as `user/alice` or `assumed-role/issuer/alice`. */
export function nameOfArn(arn: string): string {
  return arn.split(':').slice(5).join(':')
}

const roleArnForm = /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@-]{1,64}$/
const roleNameForm = /^[\w+=,.@-]{1,64}$/

/** Returns the ARN of a role, given either its ARN or its name in the account. Returns undefined for any other text. */
export function roleArnOf(text: string, accountId: string): string | undefined {
  if (roleArnForm.test(text)) return text
  return roleNameForm.test(text) ? `arn:aws:iam::${accountId}:role/${text}` : undefined
}

/** Returns a session name for a principal: its user name, or the name of its current session. */
export function sessionNameFor(arn: string): string {
  const name = nameOfArn(arn).split('/').at(-1) ?? ''
  return name
    .replaceAll(/[^\w+=,.@-]/g, '-')
    .slice(0, 64)
    .padEnd(2, '-')
}
