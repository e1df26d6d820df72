/** Owns visiting the console without a browser: signing in, pages, and forms as a browser sends them. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

export interface Visitor {
  readonly cookie: string
  get(route: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** Sends the first form of a page with that action, with its hidden fields. */
  submit(
    page: string,
    action: string,
    fields?: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>
}

export function tokenIn(stateDir: string, name: 'act' | 'read' | 'webhook'): string {
  return readFileSync(path.join(stateDir, `${name}-token`), 'utf8').trim()
}

export function post(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers, redirect: 'manual' })
}

/** Throws when it is refused. */
export async function signIn(url: string, token: string, name = 'alice'): Promise<Visitor> {
  const response = await post(`${url}/sign-in`, { token, name, next: '/' }, { origin: url })
  const [cookie] = response.headers.get('set-cookie')?.split(';') ?? []
  if (response.status !== 303 || cookie === undefined) throw new Error(`the sign-in was answered with ${response.status}`)
  return visitor(url, cookie)
}

export function visitor(url: string, cookie: string): Visitor {
  const get: Visitor['get'] = (route, headers = {}) => fetch(`${url}${route}`, { headers: { cookie, ...headers }, redirect: 'manual' })
  return {
    cookie,
    get,
    submit: async (page, action, fields = {}, headers = {}) => {
      const html = await (await get(page)).text()
      const form = new RegExp(`<form[^>]*action="${action}"[^>]*>([\\s\\S]*?)</form>`).exec(html)?.[1]
      if (form === undefined) throw new Error(`${page} has no form for ${action}`)
      const hidden = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
        ([, name = '', value = '']) => [name, value] as const,
      )
      return post(`${url}${action}`, { ...Object.fromEntries(hidden), ...fields }, { cookie, origin: url, ...headers })
    },
  }
}
