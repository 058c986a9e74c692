package deploy_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/app"
)

// service is what systemd makes of a role's unit, as far as its command line goes.
type service struct {
	role, start string
	set         map[string]string // by Environment=
	loads       map[string]string // LoadCredential=
}

// serviceOf reads a unit and its drop-ins, further ones last.
func serviceOf(t *testing.T, role string, further ...string) *service {
	t.Helper()
	s := &service{role: role, set: map[string]string{}, loads: map[string]string{}}
	dropins, err := filepath.Glob("systemd/onbu@" + role + ".service.d/*.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Concat([]string{"systemd/onbu@.service"}, dropins, further) {
		for line := range strings.Lines(said(t, path)) {
			s.read(strings.TrimSpace(strings.NewReplacer("%i", role, "%d", "/credentials").Replace(line)))
		}
	}
	return s
}

// word is one of a list: in quotes if there is a blank in it.
var word = regexp.MustCompile(`"[^"]*"|\S+`)

func (s *service) read(line string) {
	name, value, _ := strings.Cut(line, "=")
	switch name {
	case "ExecStart":
		s.start = value
	case "LoadCredential":
		as, path, _ := strings.Cut(value, ":")
		s.loads[as] = path
	case "Environment":
		for _, one := range word.FindAllString(value, -1) {
			k, v, _ := strings.Cut(strings.Trim(one, `"`), "=")
			s.set[k] = v
		}
	}
}

// command gives the command line with what files of /etc/default set, which goes before what units set.
func (s *service) command(files ...string) string {
	all := maps.Clone(s.set)
	for _, text := range files {
		for line := range strings.Lines(text) {
			if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(k, "#") {
				all[k] = strings.Trim(v, `"`)
			}
		}
	}
	return strings.Join(strings.Fields(os.Expand(s.start, func(name string) string { return all[name] })), " ")
}

func TestEachRoleIsStartedWithItsOwnKeys(t *testing.T) {
	roles := said(t, "default/onbu-roles")
	for _, role := range app.Roles() {
		own := "ONBU_OPTIONS=\"--log debug\"\n"
		if got := serviceOf(t, role).command(roles, own); strings.Contains(got, "--keys") {
			t.Errorf("without keys: %s", got)
		}
		folder := "ONBU_KEYS=\"--keys /etc/onbu/keys-" + role + "\"\n"
		if got := serviceOf(t, role).command(roles, own+folder); !strings.Contains(got, " --keys /etc/onbu/keys-"+role+" --log debug") {
			t.Errorf("with a folder of its user: %s", got)
		}
		s := serviceOf(t, role, "systemd/examples/keys.conf")
		if got := s.command(roles, own); !strings.Contains(got, " --keys /credentials --log debug") {
			t.Errorf("with examples/keys.conf: %s", got)
		}
		if from := s.loads["key.pem"]; from != "/etc/onbu/keys-"+role+"/key.pem" {
			t.Errorf("%s gets its key from %s, which others have too", role, from)
		}
	}
	bus := "ONBU_OPTIONS=\"--listen 0.0.0.0:4222\"\nONBU_KEYS=\"--keys /etc/onbu/keys-bus\"\n"
	if got := serviceOf(t, "bus", "systemd/examples/keys.conf").command(roles, bus); !strings.HasSuffix(got, " --keys /etc/onbu/keys-bus --listen 0.0.0.0:4222") {
		t.Errorf("the bus: %s", got)
	}
}

// A key is refused unless one user alone may read it, and each role is a user of its own.
func TestNoFileForAllRolesNamesAFolderOfKeys(t *testing.T) {
	for line := range strings.Lines(said(t, "default/onbu-roles")) {
		if strings.Contains(line, "ONBU_BUS=") && strings.Contains(line, "--keys") {
			t.Errorf("onbu-roles says for all roles: %s", line)
		}
	}
}
