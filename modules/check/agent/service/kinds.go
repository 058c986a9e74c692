package service

import (
	"slices"

	"github.com/onbu/onbu/modules/check/agent/section"
)

// Kinds gives all kinds, in the order in which discovery offers their services. The slice is the caller's.
func Kinds() []Kind {
	return slices.Concat(linuxKinds(), deviceKinds(), windowsKinds(), dockerKinds(), esxKinds())
}

// deviceKinds are those of interfaces and disks.
func deviceKinds() []Kind {
	return []Kind{lnxIf(), winperfIf(), diskstat(), winperfPhydisk()}
}

// windowsKinds are those that only Windows has.
func windowsKinds() []Kind {
	return []Kind{winperfProcessor(), wmiCPULoad(), winperfTCPConn(), windowsService(), servicesSummary()}
}

// dockerKinds are those of containers and their nodes.
func dockerKinds() []Kind {
	return []Kind{
		dockerContainerStatus(), dockerContainerHealth(), dockerContainerMem(), dockerContainerCPU(), dockerContainerDiskstat(),
		dockerNodeInfo(), dockerNodeDiskUsage(),
	}
}

// esxKinds are those of VMware.
func esxKinds() []Kind {
	return slices.Concat(esxVMs(), esxHosts(), []Kind{esxDatastores(), esxIf(), esxDisk(), esxUptime()})
}

// Find gives a kind by its name.
func Find(name string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// Present says whether the sections hold what the kind reads.
func (k *Kind) Present(set *section.Set) bool {
	for _, name := range k.Sections {
		if set.Get(name) != nil {
			return true
		}
	}
	return false
}

// Known says for a section whether a kind reads it, or whether it tells things of which nobody makes a service.
func Known() map[string]bool {
	known := map[string]bool{}
	for _, name := range [...]string{
		"labels", "cmk_agent_ctl_status", "checkmk_agent_plugins_lnx", "checkmk_agent_plugins_win", "systemtime", "vbox_guest",
		"docker_container_node_name", "docker_container_labels", "docker_container_network", "docker_node_images", "docker_node_network",
		"esx_systeminfo", "esx_vsphere_systeminfo",
	} {
		known[name] = true
	}
	for _, k := range Kinds() {
		for _, name := range k.Sections {
			known[name] = true
		}
	}
	return known
}
