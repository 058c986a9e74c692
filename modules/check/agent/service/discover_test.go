package service_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/modules/check/agent/service"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

func TestNamesCanBeDescriptions(t *testing.T) {
	for text, want := range map[string]string{
		"Filesystem /":               "Filesystem /",
		"Filesystem C:\\":            "Filesystem C:",
		"Interface Intel(R) 82574L":  "Interface Intel[R] 82574L",
		"a;b!c$d%e\"f'g=h,i|j&k*l?m": "a_b_c_d_e_f_g_h_i_j_k_l_m",
		"tab\there\x00\x01":          "tab_here__",
		"  two   blanks ":            "two blanks",
		"ä\xff":                      "ä_",
		"":                           "Service",
		"\\":                         "Service",
	} {
		if got := service.Name(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := service.Name(strings.Repeat("ü", 200)); len(got) > 200 || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("a long name became %d bytes: %q", len(got), got)
	}
}

func TestTheArgumentsOfAnOfferSurviveShellAndMacros(t *testing.T) {
	o := service.Offer{Kind: "df", Found: service.Found{
		Item: `/a b;c!d$e"f'g\`, Warn: "80%", Crit: "90%", Options: map[string]string{"x": "~(a|b)", "a": "1 2"},
	}}
	call := o.Call("check_onbu_agent")
	rest, ok := strings.CutPrefix(call, "check_onbu_agent!")
	if !ok || strings.Contains(strings.ReplaceAll(rest, `\!`, ""), "!") {
		t.Fatalf("got %s", call)
	}
	line := strings.ReplaceAll(strings.ReplaceAll(rest, `\!`, "!"), "$$", "$")
	got, err := cmdline.Words("onbu-agent " + line)
	want := []string{"onbu-agent", "-s", "df", "-i", `/a b;c!d$e"f'g\`, "-w", "80%", "-c", "90%", "-o", "a=1 2", "-o", "x=~(a|b)"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
}

func TestUnknownSectionsAreNamed(t *testing.T) {
	var set section.Set
	section.Parse([]byte("<<<zebra>>>\n1\n<<<lnx_if>>>\n<<<ape>>>\nx\n"), &set, section.Options{})
	if got := service.Unknown(&set); !slices.Equal(got, []string{"zebra", "ape"}) {
		t.Errorf("got %q", got)
	}
}

func TestOffersHaveDescriptionsOfTheirOwn(t *testing.T) {
	output := linuxDisksAt(1700000000, "1 0 1 1 1 0 1 1 0 1 1", "1 0 1 1 1 0 1 1 0 1 1") + phydiskAt("1700000000.5", 1, 1, 1, 1, 1)
	var set section.Set
	section.Parse([]byte(output), &set, section.Options{})
	var got []string
	for _, o := range service.Discover(&set, time.Unix(1700000000, 0)) {
		got = append(got, o.Description)
	}
	if want := []string{"Disk IO SUMMARY", "Disk IO SUMMARY winperf_phydisk"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
