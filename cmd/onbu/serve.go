package main

import (
	"flag"

	"github.com/onbu/onbu/internal/bus/dial"
)

// serveFlags say whom a bus within the process is there for.
type serveFlags struct {
	listen, cluster, join string
	replicas              int
	open                  bool
}

// registerListen adds the port for daemons; what is its default.
func (s *serveFlags) registerListen(f *flag.FlagSet, what, about string) {
	f.StringVar(&s.listen, "listen", what, about)
	f.BoolVar(&s.open, "open", false, "let in whoever reaches the ports of the bus, with all rights, although other machines may")
}

// registerCluster adds what makes a server one of several.
func (s *serveFlags) registerCluster(f *flag.FlagSet) {
	f.StringVar(&s.cluster, "cluster", "", "HOST:PORT to listen on for the bus's other servers, whose streams this one keeps too (docs/cluster.md)")
	f.StringVar(&s.join, "join", "", "HOST:PORT of those others, separated by commas: what each was given as --cluster")
}

// registerReplicas adds how many copies there are of everything, for who prepares the bus.
func (s *serveFlags) registerReplicas(f *flag.FlagSet) {
	f.IntVar(&s.replicas, "replicas", 0, "how many servers of a cluster keep each stream: 1, 3 or 5 (default: 3 in a cluster)")
}

// within gives what the flags say of the bus within a process, if it has one.
func (s *serveFlags) within(d *daemonFlags) (dial.Serve, error) {
	asked := s.listen != "" || s.cluster != "" || s.join != ""
	if asked && d.bus != "embedded:" {
		return dial.Serve{}, usageError("--listen, --cluster and --join are for the bus within this process, and --bus names another")
	}
	if !asked {
		return dial.Serve{}, (&dial.Serve{}).Check(s.replicas)
	}
	return s.serve(d.tls)
}

// serve gives what the flags say. Without keys the two ports show the same certificate; between servers both sides must.
func (s *serveFlags) serve(files dial.Files) (dial.Serve, error) {
	out := dial.Serve{Listen: s.listen, Cluster: s.cluster, Join: list(s.join), Open: s.open}
	if err := out.Check(s.replicas); err != nil {
		return out, usageError(err.Error())
	}
	var err error
	if out.TLS, err = serverTLS(files); err != nil {
		return out, err
	}
	if s.cluster == "" || out.TLS == nil {
		return out, nil
	}
	if files.CA == "" {
		return out, usageError("--cluster with --tls-cert needs --tls-ca too: the servers check each other's certificates")
	}
	out.ClusterTLS = out.TLS
	return out, nil
}
