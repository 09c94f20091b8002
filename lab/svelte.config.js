// A component's own rules are known by its name: that is shorter than a hash, and no two have the same.
export default { compilerOptions: { runes: true, discloseVersion: false, cssHash: ({ name }) => name } };
