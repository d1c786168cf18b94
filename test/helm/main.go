// Renders a chart with Helm's own engine and prints what comes out as JSON.
//
// Usage: helm-render CHART RELEASE NAMESPACE < values.json
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// rendered is what a chart makes of some values.
type rendered struct {
	// Templates by the name of their file.
	Templates map[string]string `json:"templates"`
	// CRDs are the files that Helm installs as they are.
	CRDs []string `json:"crds"`
}

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(words []string, in io.Reader, out io.Writer) error {
	if len(words) != 3 {
		return fmt.Errorf("usage: helm-render CHART RELEASE NAMESPACE < values.json")
	}
	values := map[string]any{}
	if err := json.NewDecoder(in).Decode(&values); err != nil {
		return fmt.Errorf("the values are no JSON: %w", err)
	}
	chart, err := loader.Load(words[0])
	if err != nil {
		return err
	}
	if err := chart.Validate(); err != nil {
		return err
	}
	release := chartutil.ReleaseOptions{Name: words[1], Namespace: words[2], Revision: 1, IsInstall: true}
	// This holds the values against the chart's schema too.
	all, err := chartutil.ToRenderValues(chart, values, release, chartutil.DefaultCapabilities)
	if err != nil {
		return err
	}
	templates, err := engine.Engine{Strict: true}.Render(chart, all)
	if err != nil {
		return err
	}
	result := rendered{Templates: templates}
	for _, file := range chart.CRDObjects() {
		result.CRDs = append(result.CRDs, string(file.File.Data))
	}
	return json.NewEncoder(out).Encode(result)
}
