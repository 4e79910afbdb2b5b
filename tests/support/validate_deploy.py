#!/usr/bin/python3
"""validate_deploy.py DOCKERFILE MANIFEST: what a cluster would only say late, or never: that
selectors, ports and names meet, that a pod gets the time it needs to drain, and that the image is
what the manifest takes it for. Exit status 77 where python3-yaml is not installed."""

import pathlib
import re
import sys

try:
    import yaml
except ImportError:
    print("python3-yaml is not installed")
    sys.exit(77)

ROOT = pathlib.Path(__file__).parents[2]
PORTS = {(5003, "TCP"), (5003, "UDP"), (5009, "TCP")}
EXPOSED = PORTS | {(8080, "TCP")}  # the pages of a mesh


class UniqueKeys(yaml.SafeLoader):
    """PyYAML lets the last of two equal keys win; kubectl refuses both."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: a key stands there twice")
        return super().construct_mapping(node, deep)


def option(arguments, name):
    return arguments[arguments.index(name) + 1] if name in arguments else None


def selector_faults(deployment, service):
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    wanted = {"Deployment": deployment["spec"]["selector"]["matchLabels"],
              "Service": service["spec"]["selector"]}
    for constraint in deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]:
        wanted["topologySpreadConstraints"] = constraint["labelSelector"]["matchLabels"]
    for who, selector in wanted.items():
        if not selector or not selector.items() <= labels.items():
            yield f"{who} selects {selector}, pods have {labels}"


def port_faults(container, service):
    opened = {port["name"]: (port["containerPort"], port["protocol"])
              for port in container["ports"]}
    if set(opened.values()) != PORTS:
        yield f"the container opens {opened}"
    served = {(port["port"], port["protocol"]) for port in service["spec"]["ports"]}
    if served != PORTS:
        yield f"the service offers {served}"
    for port in service["spec"]["ports"]:
        if opened.get(port["targetPort"]) != (port["port"], port["protocol"]):
            yield f"port {port['name']} of the service leads to {port['targetPort']}"
    if container["readinessProbe"]["tcpSocket"]["port"] not in opened:
        yield "the readiness probe asks a port that is not there"
    yield from port_name_faults([*opened, *(port["name"] for port in service["spec"]["ports"])])


def port_name_faults(names):
    for name in names:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?", name):
            yield f"{name} is no name for a port"


def pod_faults(pod, container):
    drain = re.fullmatch(r"(\d+)s", option(container["args"], "--drain") or "5s")
    if pod["terminationGracePeriodSeconds"] <= int(drain[1]):
        yield f"killed {pod['terminationGracePeriodSeconds']} s after SIGTERM, drains {drain[0]}"
    names = [variable for variable in container["env"]
             if variable["name"] == "CONNTEST_SERVE_NAME"]
    if [name["valueFrom"]["fieldRef"]["fieldPath"] for name in names] != ["metadata.name"]:
        yield "the server is not called after its pod"
    limits = container["securityContext"]
    if (not pod["securityContext"]["runAsNonRoot"] or limits["allowPrivilegeEscalation"]
            or not limits["readOnlyRootFilesystem"] or limits["capabilities"]["drop"] != ["ALL"]):
        yield "the container may more than it needs"
    if not container["resources"]["requests"] or not container["resources"]["limits"]["memory"]:
        yield "the container says not what it needs"


def service_faults(deployment, service):
    if service["spec"]["type"] != "LoadBalancer":
        yield "no load balancer"
    if service["spec"]["ipFamilyPolicy"] != "PreferDualStack":
        yield "not both families"
    if deployment["apiVersion"] != "apps/v1" or service["apiVersion"] != "v1":
        yield "an API that is not there"


def read_dockerfile(path):
    lines = pathlib.Path(path).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]


def image_faults(steps, pod, container):
    last = max(i for i, (word, _) in enumerate(steps) if word == "FROM")
    image = dict(steps[last:])
    if image["USER"] != f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}":
        yield f"the image runs as {image['USER']}"
    exposed = {tuple(port.split("/")) for port in image["EXPOSE"].split()}
    if exposed != {(str(port), protocol.lower()) for port, protocol in EXPOSED}:
        yield f"the image exposes {image['EXPOSE']}"
    if image["ENTRYPOINT"] != f'["{image["COPY"].split()[-1]}"]' or "command" in container:
        yield "the image begins with something else than the program"
    for word, rest in steps[:last]:
        for source in rest.split()[:-1] if word == "COPY" else []:
            if not (ROOT / source).exists():
                yield f"{source}: the image takes what is not there"


def faults(dockerfile, manifest):
    documents = list(yaml.load_all(pathlib.Path(manifest).read_text(encoding="utf-8"), UniqueKeys))
    if [document["kind"] for document in documents] != ["Deployment", "Service"]:
        yield "not a Deployment and a Service"
        return
    deployment, service = documents
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    yield from selector_faults(deployment, service)
    yield from port_faults(container, service)
    yield from pod_faults(pod, container)
    yield from service_faults(deployment, service)
    yield from image_faults(read_dockerfile(dockerfile), pod, container)


def main(dockerfile, manifest):
    try:
        found = list(faults(dockerfile, manifest))
    except (yaml.YAMLError, KeyError, TypeError) as error:
        found = [f"{type(error).__name__}: {error}"]
    for fault in found:
        print(f"{manifest}: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
