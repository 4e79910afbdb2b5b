#!/usr/bin/python3
"""validate_mesh.py DOCKERFILE MANIFEST: what a cluster would only say late, or never, of a mesh:
that the SRV record that nodes ask for is one that the headless service makes, that selectors, ports
and probes meet, that a pod may no more than it needs and has the time to tell its peers that it
leaves. Exit status 77 where python3-yaml is not installed."""

import pathlib
import re
import sys

from validate_deploy import UniqueKeys, option, port_name_faults, read_dockerfile, yaml

PORTS = {"traffic": (5003, "TCP"), "traffic-udp": (5003, "UDP"), "pages": (8080, "TCP")}
FIELDS = {"NODE_NAME": "spec.nodeName", "POD_NAMESPACE": "metadata.namespace",
          "CONNTEST_MESH_LOCATION": "metadata.labels['topology.kubernetes.io/zone']"}
REQUESTS = {"cpu": "10m", "memory": "16Mi"}


def selector_faults(service, daemons):
    labels = daemons["spec"]["template"]["metadata"]["labels"]
    wanted = {"DaemonSet": daemons["spec"]["selector"]["matchLabels"],
              "Service": service["spec"]["selector"]}
    for who, selector in wanted.items():
        if not selector or not selector.items() <= labels.items():
            yield f"{who} selects {selector}, pods have {labels}"


def port_faults(container, service):
    opened = {port["name"]: (port["containerPort"], port["protocol"])
              for port in container["ports"]}
    if opened != PORTS:
        yield f"the container opens {opened}"
    for port in service["spec"]["ports"]:
        if opened.get(port["targetPort"]) != (port["port"], port["protocol"]):
            yield f"port {port['name']} of the service leads to {port['targetPort']}"
    yield from port_name_faults([*opened, *(port["name"] for port in service["spec"]["ports"])])


def service_faults(service, daemons):
    if service["spec"]["clusterIP"] != "None":
        yield "the service is not headless: its name stands for one address"
    if not service["spec"]["publishNotReadyAddresses"]:
        yield "a node that is not ready is not probed"
    if daemons["apiVersion"] != "apps/v1" or service["apiVersion"] != "v1":
        yield "an API that is not there"


def source_faults(container, service):
    """_PORT._PROTOCOL.SERVICE.NAMESPACE.svc.DOMAIN is what DNS has of a headless service."""
    source = option(container["args"], "--peers") or ""
    found = re.fullmatch(r"srv://_([a-z0-9-]+)\._(tcp|udp)\.([a-z0-9-]+)\.\$\(POD_NAMESPACE\)"
                         r"\.svc\.cluster\.local", source)
    if not found:
        yield f"--peers {source} is no SRV record of a service in this namespace"
        return
    ports = {(port["name"], port["protocol"].lower()): port["port"]
             for port in service["spec"]["ports"]}
    if found[3] != service["metadata"]["name"]:
        yield f"peers are asked of the service {found[3]}"
    if ports.get((found[1], found[2])) != PORTS["traffic"][0]:
        yield f"the service has no port {found[1]} over {found[2]} with traffic"


def variable_faults(container):
    fields = {variable["name"]: variable["valueFrom"]["fieldRef"]["fieldPath"]
              for variable in container["env"]}
    if fields != FIELDS:
        yield f"the variables are {fields}"


def health_faults(container):
    wanted = {"readinessProbe": "/readyz", "livenessProbe": "/healthz"}
    for probe, path in wanted.items():
        get = container[probe]["httpGet"]
        if (get["path"], get["port"]) != (path, "pages"):
            yield f"the {probe} asks {get}"


def drain_faults(pod, container):
    drain = re.fullmatch(r"(\d+)s", option(container["args"], "--drain") or "5s")
    if pod["terminationGracePeriodSeconds"] <= int(drain[1]):
        yield f"killed {pod['terminationGracePeriodSeconds']} s after SIGTERM, drains {drain[0]}"


def right_faults(pod, container):
    limits = container["securityContext"]
    if (not pod["securityContext"]["runAsNonRoot"] or limits["allowPrivilegeEscalation"]
            or not limits["readOnlyRootFilesystem"] or limits["capabilities"] != {"drop": ["ALL"]}
            or pod["securityContext"]["seccompProfile"]["type"] != "RuntimeDefault"):
        yield "the container may more than it needs"
    for name in ("hostNetwork", "hostPID", "hostIPC", "volumes", "serviceAccountName"):
        if name in pod:
            yield f"the pod has {name}, and needs none"
    if pod["automountServiceAccountToken"] or pod["enableServiceLinks"]:
        yield "the pod is given a token, or variables that the program takes for options"


def resource_faults(container):
    resources = container["resources"]
    if resources["requests"] != REQUESTS:
        yield f"it requests {resources['requests']}"
    if "cpu" in resources["limits"]:
        yield "a quota of cpu makes a network look slow"
    if not re.fullmatch(r"(3[2-9]|[4-9]\d)Mi", resources["limits"]["memory"]):
        yield f"its limit of memory is {resources['limits']['memory']}"


def daemon_faults(daemons):
    spec = daemons["spec"]["template"]["spec"]
    if {"operator": "Exists"} not in spec["tolerations"]:
        yield "nodes with a taint are left out"
    if daemons["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"] == "100%":
        yield "all nodes leave at once"
    annotations = daemons["spec"]["template"]["metadata"]["annotations"]
    if annotations != {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"}:
        yield f"Prometheus is told {annotations}"


def image_faults(steps, pod):
    image = dict(steps[max(i for i, (word, _) in enumerate(steps) if word == "FROM"):])
    user = f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}"
    if image["USER"] != user:
        yield f"the image runs as {image['USER']}"
    exposed = set(image["EXPOSE"].split())
    for port, protocol in PORTS.values():
        if f"{port}/{protocol.lower()}" not in exposed:
            yield f"the image does not expose {port}/{protocol.lower()}"


def faults(dockerfile, manifest):
    documents = list(yaml.load_all(pathlib.Path(manifest).read_text(encoding="utf-8"), UniqueKeys))
    if [document["kind"] for document in documents] != ["Service", "DaemonSet"]:
        yield "not a Service and a DaemonSet"
        return
    service, daemons = documents
    pod = daemons["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    if container["args"][0] != "mesh" or "command" in container:
        yield "the container runs something else than mesh"
    yield from selector_faults(service, daemons)
    yield from service_faults(service, daemons)
    yield from port_faults(container, service)
    yield from source_faults(container, service)
    yield from variable_faults(container)
    yield from health_faults(container)
    yield from drain_faults(pod, container)
    yield from right_faults(pod, container)
    yield from resource_faults(container)
    yield from daemon_faults(daemons)
    yield from image_faults(read_dockerfile(dockerfile), pod)


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
