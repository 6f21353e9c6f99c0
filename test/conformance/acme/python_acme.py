"""Drives ACME endpoints with python3-acme. Reads settings as JSON from standard input, runs every scenario, and prints the results
as JSON, keyed by the scenario's name.
"""

import base64
import datetime
import hashlib
import http.server
import json
import socketserver
import subprocess
import sys
import threading
import time
import traceback

import OpenSSL
import josepy as jose
import requests.adapters
from acme import challenges, client, crypto_util, errors, jws, messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

SETTINGS = json.load(sys.stdin)
TOKENS = {}
PREFIX = 'urn:ietf:params:acme:error:'


class Tokens(http.server.BaseHTTPRequestHandler):
    """Serves key authorizations for http-01 challenges."""

    def do_GET(self):
        body = TOKENS.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write((body or '').encode())

    def log_message(self, *_):
        pass


class NoTls(socketserver.BaseRequestHandler):
    """Answers a TLS handshake with text."""

    def handle(self):
        self.request.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n')


class Source(requests.adapters.HTTPAdapter):
    """Sends requests from another address."""

    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, **options, source_address=('127.0.0.9', 0))


def ec_key():
    return jose.JWKEC(key=jose.ComparableECKey(ec.generate_private_key(ec.SECP256R1())))


def rsa_key(bits=2048):
    return jose.JWKRSA(key=rsa.generate_private_key(65537, bits))


def connect(endpoint='web', key=None, alg=jose.ES256):
    net = client.ClientNetwork(key or ec_key(), alg=alg, user_agent='python3-acme')
    directory = client.ClientV2.get_directory(SETTINGS['directories'][endpoint], net)
    return client.ClientV2(directory, net)


def register(endpoint='web', **options):
    acme = connect(endpoint, **options)
    acme.net.account = acme.new_account(
        messages.NewRegistration.from_data(email='admin@acme.test', terms_of_service_agreed=True)
    )
    return acme


def register_bound(endpoint):
    acme = connect(endpoint)
    binding = SETTINGS['bindings'][endpoint]
    bound = messages.ExternalAccountBinding.from_data(
        acme.net.key.public_key(), binding['keyId'], binding['macKey'], acme.directory
    )
    acme.net.account = acme.new_account(messages.NewRegistration.from_data(external_account_binding=bound))
    return acme


def new_key_pem():
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def csr_of(*names, key=None):
    return crypto_util.make_csr(key or new_key_pem(), list(names))


def deadline():
    return datetime.datetime.now() + datetime.timedelta(seconds=60)


def answer(acme, authorization):
    """Makes the key authorization available, and asks the server to validate the http-01 challenge."""
    chosen = [c for c in authorization.body.challenges if isinstance(c.chall, challenges.HTTP01)][0]
    TOKENS[chosen.chall.path] = chosen.validation(acme.net.key)
    acme.answer_challenge(chosen, chosen.response(acme.net.key))


def poll(acme, authorization, is_settled):
    while not is_settled(authorization.body):
        time.sleep(0.2)
        authorization, _ = acme.poll(authorization)
    return authorization


def order(acme, *names, key=None):
    placed = acme.new_order(csr_of(*names, key=key))
    for authorization in placed.authorizations:
        if authorization.body.status == messages.STATUS_PENDING:
            answer(acme, authorization)
    return placed


def issue(acme, *names, key=None):
    return acme.poll_and_finalize(order(acme, *names, key=key), deadline())


def certificate_of(finalized):
    return x509.load_pem_x509_certificate(finalized.fullchain_pem.encode())


def names_of(certificate):
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return sorted(extension.value.get_values_for_type(x509.DNSName))


def revocable(finalized):
    return jose.ComparableX509(OpenSSL.crypto.X509.from_cryptography(certificate_of(finalized)))


def signed(acme, address, payload, key=None, **fields):
    """Returns a signed request. `fields` replace parts of the request."""
    key = key or acme.net.key
    account = getattr(acme.net, 'account', None)
    kid = None if account is None or fields.get('with_key') else account.uri
    nonce = fields.get('nonce') or acme.net.session.head(acme.directory['newNonce']).headers['Replay-Nonce']
    body = b'' if payload is None else json.dumps(payload).encode()
    alg = fields.get('alg', jose.RS256 if isinstance(key, jose.JWKRSA) else jose.ES256)
    request = jws.JWS.sign(
        body, key=key, alg=alg, nonce=jose.b64decode(nonce), url=fields.get('url', address), kid=kid
    )
    return request.json_dumps()


def send(acme, address, payload=None, **fields):
    """Sends a request without the library's retries. Returns the response."""
    text = fields.pop('text', None) or signed(acme, address, payload, **fields)
    headers = {'Content-Type': fields.get('content_type', 'application/jose+json')}
    return acme.net.session.post(address, data=text, headers=headers)


def problem(response):
    document = response.json()
    assert response.headers['Content-Type'] == 'application/problem+json', response.headers
    assert document['detail'], document
    return '{} {}'.format(response.status_code, document['type'].replace(PREFIX, ''))


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


SCENARIOS = []


def scenario(function):
    SCENARIOS.append(function)
    return function


@scenario
def issuance():
    acme = register()
    finalized = issue(acme, 'a.acme.test', 'b.acme.test')
    return {'names': names_of(certificate_of(finalized)), 'chain': finalized.fullchain_pem.count('BEGIN')}


@scenario
def account_with_an_rsa_key():
    acme = register(key=rsa_key(), alg=jose.RS256)
    return names_of(certificate_of(issue(acme, 'rsa.acme.test')))


@scenario
def existing_account():
    acme = register()
    uri = acme.net.account.uri
    again = send(acme, acme.directory['newAccount'], {'onlyReturnExisting': True}, with_key=True)
    try:
        connect(key=acme.net.key).new_account(messages.NewRegistration.from_data(email='admin@acme.test'))
    except errors.ConflictError as error:
        return [again.status_code, again.headers['Location'] == uri, error.location == uri]
    return 'the library accepted the account as a new one'


@scenario
def contact_update():
    acme = register()
    changed = acme.net.account.body.update(contact=('mailto:one@acme.test', 'mailto:two@acme.test'))
    acme.update_registration(acme.net.account, changed)
    return list(acme.query_registration(acme.net.account).body.contact)


@scenario
def key_rollover():
    acme = register()
    new, old = ec_key(), acme.net.key
    url = acme.directory['keyChange']
    payload = {'account': acme.net.account.uri, 'oldKey': old.public_key().to_partial_json()}
    inner = jws.JWS.sign(json.dumps(payload).encode(), key=new, alg=jose.ES256, nonce=None, url=url, kid=None)
    answered = send(acme, url, json.loads(inner.json_dumps()))
    with_old = problem(send(acme, acme.net.account.uri))
    acme.net.key = new
    with_new = send(acme, acme.net.account.uri)
    return [answered.status_code, with_old, with_new.json()['status'], names_of(certificate_of(issue(acme, 'c.acme.test')))]


@scenario
def key_rollover_to_a_key_in_use():
    acme, other = register(), register()
    url = acme.directory['keyChange']
    payload = {'account': acme.net.account.uri, 'oldKey': acme.net.key.public_key().to_partial_json()}
    inner = jws.JWS.sign(
        json.dumps(payload).encode(), key=other.net.key, alg=jose.ES256, nonce=None, url=url, kid=None
    )
    answered = send(acme, url, json.loads(inner.json_dumps()))
    return [answered.status_code, answered.headers.get('Location') == other.net.account.uri]


@scenario
def external_account_binding():
    acme = register_bound('bound')
    required = acme.external_account_required()
    placed = acme.new_order(csr_of('bound.acme.test'))
    status = placed.body.status.name
    authorization = placed.authorizations[0].body.status.name
    finalized = acme.finalize_order(placed, deadline())
    outside = problem(send(acme, acme.directory['newOrder'], order_of('other.acme.test')))
    return [required, status, authorization, names_of(certificate_of(finalized)), outside]


@scenario
def account_deactivation():
    acme = register()
    deactivated = acme.deactivate_registration(acme.net.account)
    return [deactivated.body.status, problem(send(acme, acme.directory['newOrder'], order_of('a.acme.test')))]


@scenario
def authorization_deactivation():
    acme = register()
    placed = acme.new_order(csr_of('deactivated.acme.test'))
    status = acme.deactivate_authorization(placed.authorizations[0]).body.status.name
    return [status, send(acme, placed.uri).json()['status']]


@scenario
def pre_authorization():
    acme = register()
    name = {'type': 'dns', 'value': 'early.acme.test'}
    created = send(acme, acme.directory['newAuthz'], {'identifier': name})
    authorization = messages.AuthorizationResource(
        body=messages.Authorization.from_json(created.json()), uri=created.headers['Location']
    )
    answer(acme, authorization)
    authorization = poll(acme, authorization, lambda body: body.status != messages.STATUS_PENDING)
    placed = acme.new_order(csr_of('early.acme.test'))
    return [created.status_code, authorization.body.status.name, placed.body.status.name]


@scenario
def order_list():
    acme = register()
    placed = [acme.new_order(csr_of('list.acme.test')).uri for _ in range(3)]
    url = send(acme, acme.net.account.uri).json()['orders']
    listed = []
    while url is not None:
        page = send(acme, url)
        listed += page.json()['orders']
        url = page.links.get('next', {}).get('url')
    return sorted(listed) == sorted(placed)


@scenario
def alternate_chains():
    acme = register()
    placed = acme.poll_authorizations(order(acme, 'chain.acme.test'), deadline())
    finalized = acme.finalize_order(placed, deadline(), fetch_alternative_chains=True)
    return [chain.count('BEGIN') for chain in [finalized.fullchain_pem, *finalized.alternative_fullchains_pem]]


@scenario
def bad_nonce_is_retried():
    acme = register()
    used = acme.net.session.head(acme.directory['newNonce']).headers['Replay-Nonce']
    send(acme, acme.net.account.uri, nonce=used)
    rejected = send(acme, acme.net.account.uri, nonce=used)
    acme.net._nonces = {jose.b64decode(used)}
    return [problem(rejected), 'Replay-Nonce' in rejected.headers, acme.query_registration(acme.net.account).body.status]


@scenario
def revocation():
    acme, other = register(), register()
    key_pem = new_key_pem()
    finalized = issue(acme, 'revoked.acme.test', key=key_pem)
    der = certificate_of(finalized).public_bytes(serialization.Encoding.DER)
    url = acme.directory['revokeCert']
    of_other_account = problem(send(other, url, {'certificate': b64(der)}))
    bad_reason = problem(send(acme, url, {'certificate': b64(der), 'reason': 99}))
    acme.revoke(revocable(finalized), 4)
    again = problem(send(acme, url, {'certificate': b64(der)}))
    second = issue(acme, 'revoked.acme.test', key=key_pem)
    der = certificate_of(second).public_bytes(serialization.Encoding.DER)
    private = serialization.load_pem_private_key(key_pem, None)
    key = jose.JWKEC(key=jose.ComparableECKey(private))
    with_key = send(connect(), url, {'certificate': b64(der), 'reason': 1}, key=key, with_key=True)
    return [of_other_account, bad_reason, again, with_key.status_code]


def order_of(*names, **members):
    return {'identifiers': [{'type': 'dns', 'value': name} for name in names], **members}


@scenario
def problems_with_requests():
    acme = register()
    account, new_order = acme.net.account.uri, acme.directory['newOrder']
    unknown = connect()
    tampered = json.loads(signed(acme, account, None))
    tampered['signature'] = b64(b'\0' * 64)
    header = {'alg': 'none', 'kid': account, 'url': account, 'nonce': b64(b'x')}
    unsigned = json.dumps({'protected': b64(json.dumps(header).encode()), 'payload': '', 'signature': ''})
    small = connect(key=rsa_key(1024), alg=jose.RS256)
    return {
        'unknown account': problem(send(unknown, unknown.directory['newAccount'], {'onlyReturnExisting': True})),
        'invented nonce': problem(send(acme, account, nonce=b64(b'invented nonce'))),
        'invalid signature': problem(send(acme, account, text=json.dumps(tampered))),
        'no algorithm': problem(send(acme, account, text=unsigned)),
        'weak account key': problem(send(small, small.directory['newAccount'], {})),
        'no JSON': problem(send(acme, account, text='{')),
        'other URL': problem(send(acme, account, url=new_order)),
        'other content type': problem(send(acme, account, content_type='application/json')),
        'no account binding': problem(send(connect('bound'), SETTINGS['directories']['bound'].replace('directory', 'new-account'), {})),
        'contact with two addresses': problem(send(unknown, unknown.directory['newAccount'], {'contact': ['mailto:a@b,c@d']})),
        'contact by telephone': problem(send(unknown, unknown.directory['newAccount'], {'contact': ['tel:+1']})),
        'account of another client': problem(send(register(), account)),
    }


@scenario
def problems_with_orders():
    acme = register()
    url = acme.directory['newOrder']
    pending = acme.new_order(csr_of('pending.acme.test'))
    several = send(acme, url, order_of('a.outside.test', 'b.outside.test'))
    mixed = send(acme, url, {'identifiers': [{'type': 'email', 'value': 'a@b'}, {'type': 'dns', 'value': 'a..b'}]})
    ready = acme.poll_authorizations(order(acme, 'ready.acme.test'), deadline())

    def finalize(placed, csr):
        der = x509.load_pem_x509_csr(csr).public_bytes(serialization.Encoding.DER)
        return problem(send(acme, placed.body.finalize, {'csr': b64(der)}))

    return {
        'name outside the endpoint': problem(send(acme, url, order_of('outside.test'))),
        'several names outside': [problem(several), sorted(p['identifier']['value'] for p in several.json()['subproblems'])],
        'identifier of another type': problem(send(acme, url, {'identifiers': [{'type': 'email', 'value': 'a@b'}]})),
        'several reasons': [problem(mixed), sorted(p['type'].replace(PREFIX, '') for p in mixed.json()['subproblems'])],
        'no identifiers': problem(send(acme, url, {'identifiers': []})),
        'unknown profile': problem(send(acme, url, order_of('a.acme.test', profile='none'))),
        'order that is not ready': finalize(pending, csr_of('pending.acme.test')),
        'CSR for other names': finalize(ready, csr_of('ready.acme.test', 'other.acme.test')),
        'CSR with a weak key': finalize(ready, weak_csr('ready.acme.test')),
        'CSR that is not DER': problem(send(acme, ready.body.finalize, {'csr': b64(b'CSR')})),
    }


def weak_csr(name):
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
    request = builder.sign(rsa.generate_private_key(65537, 1024), hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


@scenario
def problems_with_challenges():
    """The server repeats failed attempts for more than a minute. The first one stores its error in the challenge."""
    acme = register()

    def wrong(chosen):
        TOKENS[chosen.chall.path] = 'something else'

    def wrong_record(chosen):
        name = '_acme-challenge.wrong-record.acme.test'
        subprocess.run([SETTINGS['dnsScript'], 'set', name, b64(hashlib.sha256(b'').digest())], check=True)

    cases = {
        'no file': ('missing.acme.test', challenges.HTTP01, None),
        'other content': ('wrong.acme.test', challenges.HTTP01, wrong),
        'no record': ('no-record.acme.test', challenges.DNS01, None),
        'other record': ('wrong-record.acme.test', challenges.DNS01, wrong_record),
        'name that does not exist': ('unknown.acme.test', challenges.HTTP01, None),
        'closed port': ('closed.acme.test', challenges.TLSALPN01, None),
        'server without TLS': ('plain.acme.test', challenges.TLSALPN01, None),
    }
    started = {}
    for title, (name, kind, prepare) in cases.items():
        authorization = acme.new_order(csr_of(name)).authorizations[0]
        chosen = [c for c in authorization.body.challenges if isinstance(c.chall, kind)][0]
        if prepare is not None:
            prepare(chosen)
        acme.answer_challenge(chosen, chosen.response(acme.net.key))
        started[title] = authorization
    failed = lambda body: [c for c in body.challenges if c.error is not None]
    return {
        title: failed(poll(acme, authorization, failed).body)[0].error.typ.replace(PREFIX, '')
        for title, authorization in started.items()
    }


@scenario
def replacement():
    acme = register()
    certificate = certificate_of(issue(acme, 'replaced.acme.test'))
    key_id = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    serial = certificate.serial_number
    replaces = '{}.{}'.format(b64(key_id), b64(serial.to_bytes(serial.bit_length() // 8 + 1, 'big')))
    replacing = order_of('replaced.acme.test', replaces=replaces)
    first = send(acme, acme.directory['newOrder'], replacing)
    return [first.json()['status'], problem(send(acme, acme.directory['newOrder'], replacing))]


@scenario
def disabled_authority():
    acme = register_bound('disabled')
    placed = acme.new_order(csr_of('disabled.acme.test'))
    der = x509.load_pem_x509_csr(placed.csr_pem).public_bytes(serialization.Encoding.DER)
    refused = send(acme, placed.body.finalize, {'csr': b64(der)})
    return [problem(refused), refused.headers['Retry-After']]


@scenario
def too_many_accounts():
    acme = connect()
    acme.net.session.mount('https://', Source())
    # Each connection can reach another worker.
    acme.net.session.headers['Connection'] = 'close'
    url = acme.directory['newAccount']
    statuses = []
    while True:
        answered = send(acme, url, {}, key=ec_key())
        if answered.status_code != 201 or len(statuses) > 300:
            return [len(statuses), problem(answered), int(answered.headers['Retry-After']) > 0]
        statuses.append(answered.status_code)


def serve(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    serve(http.server.ThreadingHTTPServer(('127.0.0.1', SETTINGS['httpPort']), Tokens))
    serve(socketserver.TCPServer((SETTINGS['plainAddress'], SETTINGS['tlsPort']), NoTls))
    results = {}
    for function in SCENARIOS:
        try:
            results[function.__name__] = function()
        except Exception:
            results[function.__name__] = traceback.format_exc()
    print(json.dumps(results))


main()
