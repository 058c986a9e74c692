package builtin

import (
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
)

func TestTypesThatNobodyHosts(t *testing.T) {
	for kind, want := range map[string]monitor.ModuleVerdict{
		"graphit":               {Wrong: []string{`m.cfg:3: module t2: there is no module_type "graphit"; did you mean graphite?`}},
		"":                      {Wrong: []string{`m.cfg:3: module t2: it has no module_type: write one, such as nsca or graphite`}},
		"our_own_thing":         {Doubtful: []string{`m.cfg:3: module t2: module_type "our_own_thing" is none that Onbu has: the module is not hosted`}},
		"Pickle_Retention_File": {Instead: "not needed: state is always kept"},
		"cfg_password_webui":    {Instead: "not hosted: it is a part of Shinken's web pages"},
	} {
		got := Judge(&monitor.Module{Name: "t2", Type: kind, File: "m.cfg", Line: 3})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", kind, diff)
		}
	}
}

func TestNoModuleOfOursIsCalledShinkens(t *testing.T) {
	var all []string
	for kind := range listeners() {
		all = append(all, kind)
	}
	for kind := range exporters() {
		all = append(all, kind)
	}
	for _, kind := range all {
		if v := Judge(&monitor.Module{Name: "m", Type: strings.ToUpper(kind)}); !v.Hosted {
			t.Errorf("%s is not hosted", kind)
		}
	}
	for _, r := range shinkens() {
		for _, pattern := range r.kinds {
			if _, err := path.Match(pattern, ""); err != nil {
				t.Errorf("%s: %v", pattern, err)
			}
		}
	}
}
