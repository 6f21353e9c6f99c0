/** Explains a denied IssueCertificate request if its template is the reason. A shared CA may allow only certain templates. */
import type { PolicyRequest } from '../policy/evaluation.ts'
import type { ContextKeys } from '../policy/pattern.ts'
import type { Policy } from '../policy/policy-document.ts'

const templateKey = 'acm-pca:templatearn'
const namedMax = 10

/**
 * Returns an error message suffix with the denied request's template and the allowed templates. The suffix is empty if no other
 * template is allowed. `isAllowedWith` evaluates the same request with another template.
 */
export function refusedTemplate(
  request: PolicyRequest,
  policies: readonly Policy[],
  isAllowedWith: (request: PolicyRequest) => boolean,
): string {
  const [template] = request.keys.get(templateKey) ?? []
  if (template === undefined) return ''
  const others = templatesOf(policies)
  if (others.length === 0) return ''
  const isAllowed = (other: string | undefined): boolean =>
    isAllowedWith({ ...request, keys: withTemplate(request.keys, other) })
  const allowed = others.filter(isAllowed)
  if (allowed.length > 0) return ` with the template ${template}; allowed: ${allowed.join(', ')}`
  return isAllowed(undefined) ? ` with the template ${template}` : ''
}

/**
 * Returns the template patterns that policies contain. A pattern with wildcards can be evaluated like a template, because it
 * matches itself.
 */
function templatesOf(policies: readonly Policy[]): string[] {
  const texts = policies
    .flatMap(({ statements }) => statements)
    .flatMap(({ conditions }) => conditions)
    .filter(({ key, operator }) => key === templateKey && operator !== undefined)
    .flatMap(({ values }) => values.map(({ text }) => text))
  return [...new Set(texts)].slice(0, namedMax)
}

function withTemplate(keys: ContextKeys, template: string | undefined): ContextKeys {
  const values = template === undefined ? undefined : [template]
  return { get: (key) => (key === templateKey ? values : keys.get(key)) }
}
