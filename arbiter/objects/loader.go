package objects

// loader is one run of Load.
type loader struct {
	opts   Opts
	config *Config
}

func newLoader(path string, opts Opts) *loader {
	return &loader{opts: opts, config: &Config{Main: path, Files: []string{path}}}
}

func (l *loader) load() {}

func (l *loader) report() *Report { return &Report{} }
