# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packages of npm that read what we export: scripts/check leaves them in the build, and installs nothing."""
import os
import shutil

from harness import BUILD, Skip


def find_package(name):
    """The directory of the package, or Skip."""
    path = os.path.join(BUILD, "npm", name)
    if not os.path.exists(os.path.join(path, "package.json")):
        raise Skip("%s is not installed" % (name + " of npm" if shutil.which("npm") else "npm"))
    return path
