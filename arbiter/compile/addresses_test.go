package compile_test

import (
	"slices"
	"testing"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/monitor"
)

func TestAddressesAreThoseOfHostsWhoseChecksReadAgentOutput(t *testing.T) {
	const text = `
define command {
  command_name agent
  command_line onbu-agent -H $HOSTADDRESS$ $ARG1$
}
define host {
  use generic
  host_name vm2
  address 10.1.0.2
  check_command agent!--piggyback-only
}
define host {
  use generic
  host_name vm1
  address 10.1.0.1
  check_command check!host!1
}
define service {
  use generic
  host_name vm1
  service_description mem
  check_command agent!-s mem
}
define host {
  use generic
  host_name web
  address 10.1.0.3
  check_command check!host!1
}
define host {
  use generic
  host_name a
  address 10.1.0.4
  check_command agent!-s mem
}
define host {
  use generic
  host_name b
  address 10.1.0.4
  check_command check!host!1
}
define host {
  use generic
  host_name c
  address web
  check_command agent!-s mem
}
define host {
  use generic
  host_name d
  address 10.1.0.5
  check_command check!/usr/bin/onbu-agent!1
}
`
	got := compile.Compile(load(t, "", objectsOf()+text), 2, 1, nil).Piggyback.Addresses
	want := []monitor.PiggybackAddress{{Address: "10.1.0.1", Host: "vm1"}, {Address: "10.1.0.2", Host: "vm2"}, {Address: "10.1.0.5", Host: "d"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
