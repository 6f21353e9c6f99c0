"""Runs scenarios with boto3, as test/conformance/client/driver.ts does with the client.

Standard input: JSON of {"endpoint", "region", "variables", "scenarios": [{"row", "steps"}]}. Steps are those of
test/conformance/client/scenarios.ts; operations and waiters are named as in the client.
Standard output: {"results": a list for each scenario, with the results of its steps, "variables"}.
"""
import base64
import datetime
import json
import re
import sys
import urllib.error
import urllib.request

import boto3
import botocore.exceptions as errors
from botocore.config import Config

BLOBS = {"Csr", "Certificate", "CertificateChain"}
work = json.load(sys.stdin)
variables = work["variables"]
session = boto3.session.Session()


def client_for(key):
    keys = {"aws_access_key_id": key["accessKeyId"], "aws_secret_access_key": key["secretAccessKey"]} if key else {}
    config = Config(retries={"max_attempts": 0}, parameter_validation=False)
    return session.client("acm-pca", region_name=work["region"], endpoint_url=work["endpoint"], config=config, **keys)


own = client_for(None)


def snake(name):
    return re.sub(r"(?<!^)([A-Z])", lambda match: "_" + match.group(1).lower(), name)


def camel(name):
    return re.sub(r"_(.)", lambda match: match.group(1).upper(), name)


def resolve(value):
    if isinstance(value, dict):
        if set(value) == {"$"}:
            found = variables
            for part in value["$"].split("."):
                found = found[part]
            return found
        return {name: resolve(member) for name, member in value.items()}
    return [resolve(member) for member in value] if isinstance(value, list) else value


def members(step):
    given = resolve(step.get("input", {}))
    return {name: value.encode() if name in BLOBS and isinstance(value, str) else value for name, value in given.items()}


def plain(value):
    if isinstance(value, datetime.datetime):
        utc = value.astimezone(datetime.timezone.utc)
        return {"date": utc.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (utc.microsecond // 1000)}
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items() if name != "ResponseMetadata"}
    return [plain(member) for member in value] if isinstance(value, list) else value


def output(response):
    metadata = response["ResponseMetadata"]
    return {"status": metadata["HTTPStatusCode"], "hasRequestId": bool(metadata["RequestId"]), "output": plain(response)}


def refusal(client, error):
    code = error.response["Error"]["Code"]
    metadata = error.response["ResponseMetadata"]
    return {
        "class": type(error).__name__,
        "isOfClient": isinstance(error, client.exceptions.from_code(code)),
        "isClientError": isinstance(error, client.exceptions.ClientError),
        "error": error.response["Error"],
        "text": str(error),
        "operation": error.operation_name,
        "status": metadata["HTTPStatusCode"],
        "retries": metadata["RetryAttempts"],
        "hasRequestId": bool(metadata["RequestId"]),
        "contentType": metadata["HTTPHeaders"]["content-type"],
    }


def call(client, step):
    response = getattr(client, snake(step["operation"]))(**members(step))
    if "save" in step:
        variables[step["save"]] = plain(response)
    return output(response)


def position(token):
    found = json.loads(base64.b64decode(token))
    return {"hasServiceToken": found["NextToken"] is not None, "skipped": found.get("boto_truncate_amount")}


def pages(client, step):
    config = resolve(step.get("config", {}))
    iterator = client.get_paginator(snake(step["operation"])).paginate(**members(step), PaginationConfig=config)
    read = [plain(page[step["key"]]) for page in iterator]
    token = iterator.resume_token
    full = client.get_paginator(snake(step["operation"])).paginate(**members(step), PaginationConfig=config)
    everything = full.build_full_result()
    if "save" in step:
        variables[step["save"]] = token
    return {
        "pages": read,
        "resume": position(token) if token else None,
        "full": plain(everything[step["key"]]),
        "fullHasToken": "NextToken" in everything,
    }


def wait(client, step):
    waiter = client.get_waiter(snake(step["waiter"]))
    waiter.wait(**members(step), WaiterConfig=step.get("config", {}))
    return "reached"


def waiter_model(client, step):
    waiter = client.get_waiter(snake(step["waiter"]))
    config = waiter.config
    acceptors = [
        {key: value for key, value in vars(acceptor).items() if key in ("state", "matcher", "expected", "argument") and value is not None}
        for acceptor in config.acceptors
    ]
    found = {"operation": config.operation, "delay": config.delay, "maxAttempts": config.max_attempts}
    return {"name": waiter.name, **found, "acceptors": acceptors}


def presign(client, step):
    options = {"ExpiresIn": step["expiresIn"]} if "expiresIn" in step else {}
    if "method" in step:
        options["HttpMethod"] = step["method"]
    url = client.generate_presigned_url(snake(step["operation"]), Params=members(step), **options)
    if "save" in step:
        variables[step["save"]] = url
    if not step.get("send"):
        return "signed"
    operation = client.meta.method_to_api_mapping[snake(step["operation"])]
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "ACMPrivateCA." + operation}
    method = step.get("method", "POST")
    request = urllib.request.Request(url, data=b"" if method == "POST" else None, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return {"status": response.status, "body": json.loads(response.read())}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": json.loads(error.read())}


def surface(client, _step):
    return {
        "methods": sorted(camel(name) for name in dir(client) if not name.startswith("_")),
        "mapping": {camel(name): api for name, api in client.meta.method_to_api_mapping.items()},
        "exceptions": sorted(name for name in dir(client.exceptions) if name[0].isupper()),
        "waiters": sorted(camel(name) for name in client.waiter_names),
        "region": client.meta.region_name,
        "endpoint": client.meta.endpoint_url,
        "pageable": [camel(name) for name in sorted(client.meta.method_to_api_mapping) if client.can_paginate(name)],
    }


def exception_class(client, step):
    found = client.exceptions.from_code(step["code"])
    return {"class": found.__name__, "isClientError": issubclass(found, client.exceptions.ClientError)}


def close(client, _step):
    client.close()
    return "closed"


def can_paginate(client, step):
    return client.can_paginate(snake(step["operation"]))


ACTIONS = {
    "call": call,
    "canPaginate": can_paginate,
    "close": close,
    "exceptionClass": exception_class,
    "pages": pages,
    "presign": presign,
    "surface": surface,
    "wait": wait,
    "waiterModel": waiter_model,
}


def do(step):
    client = client_for(resolve(step["key_of"])) if "key_of" in step else own
    try:
        return ACTIONS[step["do"]](client, step)
    except errors.WaiterError as error:
        response = error.last_response
        return {
            "class": "WaiterError",
            "text": str(error),
            "reason": error.kwargs["reason"],
            "lastError": response.get("Error"),
            "lastOutput": None if "Error" in response else plain(response),
        }
    except errors.ClientError as error:
        return refusal(client, error)
    except errors.BotoCoreError as error:
        # Messages contain Python's method names.
        return {"class": type(error).__name__, "text": re.sub(r"[a-z_]+$", lambda match: camel(match.group()), str(error))}
    except ValueError as error:
        return {"class": "ValueError", "text": str(error)}


results = [[do(step) for step in scenario["steps"]] for scenario in work["scenarios"]]
json.dump({"results": results, "variables": variables}, sys.stdout)
