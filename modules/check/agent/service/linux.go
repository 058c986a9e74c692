package service

// linuxKinds are those of the Linux agent, and those that all agents have.
func linuxKinds() []Kind {
	return []Kind{
		checkMKKind(), localKind(), mrpeKind(),
		cpuKind(), cpuUtilizationKind(), threadsKind(), kernelKind(), memKind(), uptimeKind(),
		dfKind(), mountsKind(), nfsKind(), cifsKind(), mdKind(),
		psKind(), systemdKind(), tcpKind(),
		chronyKind(), ntpKind(), timesyncdKind(),
		jobKind(), logwatchKind(), fileinfoKind(), mailqKind(), thermalKind(),
	}
}
