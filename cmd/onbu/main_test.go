package main_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The tests of this package run the real program, as processes of its own: binary is where TestMain built it.
var binary string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

// atOnce is how many tests run at the same time unless the command line says it: they mostly wait for programs.
const atOnce = "5"

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "onbu-binary-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "onbu")
	build := exec.Command("go", "build", "-trimpath", "-tags", "gosnmp_nodebug", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build, so that it is compiled once
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building onbu: %v\n%s", err, out)
		return 1
	}
	if err := flag.Set("test.parallel", atOnce); err != nil { // the command line is read after this
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
